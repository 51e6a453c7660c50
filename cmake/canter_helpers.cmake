# What every target of the project shares: language level, warnings, sanitizers, output folders.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  find_program(CANTER_CCACHE ccache)
  if(CANTER_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CANTER_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CANTER_CCACHE})
  endif()
endif()

add_library(canter_flags INTERFACE)
# Contraction is off because equal inputs promise equal bits; kernels ask for FMA explicitly.
target_compile_options(canter_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  -ffp-contract=off
  # GCC 12 sees overlap in every `"text" + std::string()` (its bug 105651, fixed in 13).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${CANTER_WERROR}>:-Werror>)
if(CANTER_SANITIZE)
  target_compile_options(canter_flags INTERFACE
    -fsanitize=${CANTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(canter_flags INTERFACE -fsanitize=${CANTER_SANITIZE})
endif()

# canter_find(<package> DEB <debian package> [find_package arguments…])
# find_package with a message that names the Debian package and the list it is on.
macro(canter_find package)
  cmake_parse_arguments(_find "" "DEB" "" ${ARGN})
  find_package(${package} ${_find_UNPARSED_ARGUMENTS} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "Canter needs ${package}. On Debian 12: apt-get install ${_find_DEB} "
                        "(all packages: packages.txt; scripts/install_packages.sh build viewer test)")
  endif()
endmacro()

# canter_room(<room> [<other rooms and libraries it links>…])
# One room of plugin/src as a static library: every .cpp of its folder.
function(canter_room room)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/plugin/src/${room}/*.cpp)
  add_library(canter_${room} STATIC ${sources})
  target_include_directories(canter_${room} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/plugin/include> PRIVATE ${PROJECT_SOURCE_DIR}/plugin/src)
  target_link_libraries(canter_${room} PUBLIC ${ARGN} PRIVATE $<BUILD_INTERFACE:canter_flags>)
endfunction()

# canter_test(<name> [<libraries>…])
# One doctest program: every .cpp of tests/<name>, run by ctest.
function(canter_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE canter_test_support ${ARGN} canter_flags)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/plugin/src)
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
