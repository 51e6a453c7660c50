# The library that hosts embed: every runtime room in one archive or shared object.

# canter_plugin_library(<target> <STATIC|SHARED> <rooms…>)
function(canter_plugin_library target type)
  set(objects)
  foreach(room ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:canter_${room}>)
  endforeach()
  # The rooms are compiled once, position independent; this only puts their objects together.
  add_library(${target} ${type} ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME canter LINKER_LANGUAGE CXX)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/plugin/include> $<INSTALL_INTERFACE:include>)
  # GLM is for the C++ headers alone: the installed package adds it where it is found.
  target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:glm::glm>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:ZLIB::ZLIB>
                                          ${MUJOCO_LIBRARY} $<BUILD_INTERFACE:canter_flags>)
  if(type STREQUAL "SHARED")
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
      LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/canter_exports.map)
    target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL
      -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/canter_exports.map)
  endif()
endfunction()
