# Everything that comes from outside, all of it from the system's packages.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)          # headers: Boost::headers
find_package(tl-expected REQUIRED)         # tl::expected
find_package(fmt REQUIRED)                 # fmt::fmt
find_package(ZLIB REQUIRED)                 # ZLIB::ZLIB
find_package(nlohmann_json REQUIRED)       # nlohmann_json::nlohmann_json
find_package(GTest REQUIRED)               # GTest::gtest_main, GTest::gmock
find_package(rapidcheck REQUIRED)          # rapidcheck, rapidcheck_gtest
find_package(benchmark REQUIRED)           # benchmark::benchmark

pkg_check_modules(libmd REQUIRED IMPORTED_TARGET GLOBAL libmd)   # PkgConfig::libmd: MD5
pkg_check_modules(libisal REQUIRED IMPORTED_TARGET GLOBAL libisal)   # PkgConfig::libisal: parity

find_path(BIOTOPE_RANDOM123 Random123/philox.h REQUIRED)
add_library(biotope_random123 INTERFACE)
target_include_directories(biotope_random123 SYSTEM INTERFACE ${BIOTOPE_RANDOM123})

if(BIOTOPE_WITH_SYSTEMC)
  find_package(CLI11 REQUIRED)                                    # CLI11::CLI11
  pkg_check_modules(lua REQUIRED IMPORTED_TARGET GLOBAL lua5.4)   # PkgConfig::lua
  pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET GLOBAL tomlplusplus)
  pkg_check_modules(systemc REQUIRED IMPORTED_TARGET GLOBAL systemc)
  # The system's library was built as C++17; its headers check that we agree at link time.
  target_compile_definitions(PkgConfig::systemc INTERFACE SC_CPLUSPLUS=201703L)
endif()
