# Warnings and sanitizers as a target that every one of ours links; nothing is set directory-wide.
add_library(mme_warnings INTERFACE)
target_compile_options(mme_warnings INTERFACE -Wall -Wextra -Werror -Wshadow -fstack-protector-strong
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
if(MME_SANITIZE)
  target_compile_options(mme_warnings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mme_warnings INTERFACE -fsanitize=address,undefined)
endif()
