# One folder of the house: sources in, library and test program out.

include(GoogleTest)

# Every test program starts with the same heavy headers: they are compiled once, here. Optimizing
# what tests instantiate of them would cost nearly half of all build time and show nothing more.
set(BIOTOPE_TEST_OPTIONS $<$<CONFIG:Release>:-Og>)
if(BUILD_TESTING)
  add_library(biotope_test_pch OBJECT ${CMAKE_CURRENT_LIST_DIR}/pch.cc)
  target_include_directories(biotope_test_pch PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(biotope_test_pch PUBLIC GTest::gtest GTest::gmock rapidcheck_gtest
                        Boost::headers tl::expected)
  target_compile_options(biotope_test_pch PRIVATE ${BIOTOPE_TEST_OPTIONS})
  target_precompile_headers(biotope_test_pch PRIVATE
                            <gtest/gtest.h> <gmock/gmock.h> <rapidcheck/gtest.h>
                            ${PROJECT_SOURCE_DIR}/model/mesh.h)
endif()

# Under sanitizers, where everything is built for the second time, so do libraries. Not elsewhere: of
# what it inlines from a precompiled standard library g++ 12 warns as if that were ours.
if(BIOTOPE_SANITIZE)
  add_library(biotope_pch OBJECT ${CMAKE_CURRENT_LIST_DIR}/pch.cc)
  target_include_directories(biotope_pch PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(biotope_pch PUBLIC Boost::headers tl::expected)
  target_compile_options(biotope_pch PRIVATE ${BIOTOPE_LIBRARY_OPTIONS})
  target_precompile_headers(biotope_pch PRIVATE
                            <algorithm> <functional> <map> <memory> <optional> <span> <string>
                            <vector> ${PROJECT_SOURCE_DIR}/model/mesh.h)
endif()

# Makes a library of the given sources; with no source it only carries the dependencies on.
function(biotope_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_compile_options(${target} PRIVATE ${BIOTOPE_LIBRARY_OPTIONS})
    set(scope PUBLIC)
    if(TARGET biotope_pch)
      target_precompile_headers(${target} REUSE_FROM biotope_pch)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})
endfunction()

# Of what a library and tests both have inline the linker takes what it sees first: the library's, when
# that is what sanitizers look at.
function(biotope_libraries_first target library)
  set(all)
  set(left ${library})
  while(left)
    list(POP_FRONT left next)
    get_target_property(type ${next} TYPE)
    if(type STREQUAL "STATIC_LIBRARY" AND NOT next IN_LIST all)
      list(APPEND all ${next})
    endif()
    get_target_property(below ${next} INTERFACE_LINK_LIBRARIES)
    list(FILTER below INCLUDE REGEX "^biotope_")
    list(APPEND left ${below})
  endwhile()
  list(TRANSFORM all REPLACE "(.+)" "$<TARGET_FILE:\\1>")
  target_link_options(${target} PRIVATE
                      LINKER:--whole-archive ${all} LINKER:--no-whole-archive)
endfunction()

# biotope_folder(<name> [DEPENDS <library>...] [TEST_DEPENDS <library>...])
#
# All *.cc below the current folder become the static library biotope_<name>, except
#   *_test.cc   the program <name>_tests, each of its tests a ctest of its own,
#   *_bench.cc, *_fuzz.cc and main.cc, which belong to programs the folder declares itself.
# A folder without sources gives an INTERFACE library; without tests, no test program.
# Tests run in the source root, with the path of the built command line in BIOTOPE_BINARY.
function(biotope_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;TEST_DEPENDS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_fuzz|/main)\\.cc$")

  biotope_library(biotope_${name} SOURCES ${sources} DEPENDS ${arg_DEPENDS})

  if(tests AND BUILD_TESTING)
    add_executable(${name}_tests ${tests})
    target_link_libraries(${name}_tests PRIVATE
      biotope_${name} ${arg_TEST_DEPENDS}
      GTest::gtest_main GTest::gmock rapidcheck_gtest rapidcheck)
    target_compile_options(${name}_tests PRIVATE ${BIOTOPE_TEST_OPTIONS})
    target_precompile_headers(${name}_tests REUSE_FROM biotope_test_pch)
    if(BIOTOPE_LIBRARY_OPTIONS)
      biotope_libraries_first(${name}_tests biotope_${name})
    endif()
    gtest_discover_tests(${name}_tests
      DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 NO_PRETTY_VALUES
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      PROPERTIES TIMEOUT 300 LABELS ${name}
                 ENVIRONMENT BIOTOPE_BINARY=${PROJECT_BINARY_DIR}/biotope)
  endif()
endfunction()
