# Compiles bpf/NAME.bpf.c with a fixed clang (newer ones make objects that verifiers refuse) and makes its skeleton.
# Nothing of the building machine's kernel is read: the programs use the UAPI, in_flight finds the rest by BTF at load.
find_program(MME_BPF_CLANG NAMES clang-16 REQUIRED)
find_program(MME_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# mme_add_bpf(observer [SOURCE file]) -> target mme_bpf_observer, header "observer.skel.h"
function(mme_add_bpf name)
  cmake_parse_arguments(arg "" "SOURCE" "" ${ARGN})
  set(root "${PROJECT_SOURCE_DIR}")
  if(NOT arg_SOURCE)
    set(arg_SOURCE "${root}/bpf/${name}.bpf.c")
  endif()
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o")
  set(skeleton "${CMAKE_CURRENT_BINARY_DIR}/skeleton/${name}.skel.h")
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/skeleton")
  add_custom_command(
    OUTPUT "${object}"
    # -mcpu=v2: 5.10 lacks later atomics
    COMMAND "${MME_BPF_CLANG}" -target bpf -mcpu=v2 -O2 -g -std=gnu11 -Wall -Wextra -Werror
            "-I${root}/include" "-I${root}/bpf" "-I${root}/bpf/lib" "-I${root}/bpf/maps"
            -isystem "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}"
            "-fdebug-prefix-map=${root}=." -MD -MF "${object}.d"
            -c "${arg_SOURCE}" -o "${object}"
    DEPENDS "${arg_SOURCE}"
    DEPFILE "${object}.d"
    COMMENT "BPF ${name}"
    VERBATIM)
  add_custom_command(
    OUTPUT "${skeleton}"
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\"" -- "${MME_BPFTOOL}" "${object}" "${name}_bpf" "${skeleton}"
    DEPENDS "${object}"
    VERBATIM)
  add_custom_target(mme_bpf_${name}_skeleton DEPENDS "${skeleton}")
  add_library(mme_bpf_${name} INTERFACE)
  target_include_directories(mme_bpf_${name} SYSTEM INTERFACE "${CMAKE_CURRENT_BINARY_DIR}/skeleton")
  add_dependencies(mme_bpf_${name} mme_bpf_${name}_skeleton)
endfunction()
