# Unit tests and fuzzers, each one call. Both link the warnings of the project.
include(GoogleTest)

# mme_add_unit_test(config_parse SOURCES parse_test.cpp LIBS mme_config): a GoogleTest binary, each TEST a CTest test
# with the label `unit`.
function(mme_add_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${arg_LIBS} GTest::gtest_main mme_warnings)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." PROPERTIES LABELS unit TIMEOUT 60)
endfunction()

# mme_add_fuzzer(config_fuzz SOURCES config_fuzz.cpp LIBS mme_config [SEEDS directory] [MAX_LEN bytes]): a libFuzzer binary. As a CTest
# test with the label `fuzz` it runs MME_FUZZ_SECONDS, on the seeds and a corpus that it keeps in the build directory.
set(MME_FUZZ_SECONDS 60 CACHE STRING "How long CTest runs each fuzzer")
if(MME_FUZZ)
  # What is fuzzed must report its coverage as well, so this goes to every target of ours.
  target_compile_options(mme_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
function(mme_add_fuzzer name)
  cmake_parse_arguments(arg "" "SEEDS;MAX_LEN" "SOURCES;LIBS" ${ARGN})
  if(NOT MME_FUZZ)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} mme_warnings)
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)

  set(corpus "${CMAKE_CURRENT_BINARY_DIR}/${name}_corpus")
  file(MAKE_DIRECTORY "${corpus}")
  set(options -max_total_time=${MME_FUZZ_SECONDS} -timeout=5 -rss_limit_mb=1024 -print_final_stats=1)
  if(arg_MAX_LEN)
    list(APPEND options -max_len=${arg_MAX_LEN})
  endif()
  add_test(NAME fuzz.${name} COMMAND ${name} ${options} "${corpus}" ${arg_SEEDS})
  math(EXPR limit "${MME_FUZZ_SECONDS} + 120")
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT ${limit} RUN_SERIAL ON)
endfunction()
