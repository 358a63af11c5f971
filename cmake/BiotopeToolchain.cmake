# Language, warnings, build types and the tools that make builds fast.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Two build types are enough: what is measured and shipped, and what is debugged.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG" CACHE STRING "" FORCE)
if(BIOTOPE_COVERAGE OR BIOTOPE_FUZZ)
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1" CACHE STRING "" FORCE)
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-Og -g" CACHE STRING "" FORCE)
endif()

add_compile_options(-Wall -Wextra -Werror)
# Messages and debug information name files from the root of the house, wherever that stands.
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(BIOTOPE_SANITIZE)
  # GCC's flow warnings misfire on the code that the sanitizers insert.
  set(BIOTOPE_SANITIZER_OPTIONS
      -Og -UNDEBUG -fsanitize=${BIOTOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
      -Wno-uninitialized -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  add_link_options(-fsanitize=${BIOTOPE_SANITIZE})
endif()
# Where libraries alone are looked at, the objects of tests are those of the release, and ccache has
# them: half of a build.
if(BIOTOPE_SANITIZE MATCHES "address")
  set(BIOTOPE_LIBRARY_OPTIONS ${BIOTOPE_SANITIZER_OPTIONS})
elseif(BIOTOPE_SANITIZE)
  add_compile_options(${BIOTOPE_SANITIZER_OPTIONS})
endif()
if(BIOTOPE_FUZZ)
  # clang warns of other things than g++, by which the code is judged; and where it checks types of
  # functions it can not compile coroutines.
  add_compile_options(-w -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
if(BIOTOPE_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

find_program(BIOTOPE_CCACHE ccache)
if(BIOTOPE_CCACHE)
  # ccache serves a file with a precompiled header only under these relaxations, and a checkout in
  # another place only if it is told what to leave out of the names of files.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_ABSSTDERR=1 ${BIOTOPE_CCACHE})
endif()

find_program(BIOTOPE_LLD ld.lld)
if(BIOTOPE_LLD)
  add_link_options(-fuse-ld=lld)
endif()
