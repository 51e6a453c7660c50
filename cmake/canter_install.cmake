# cmake --install: library, headers, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)

set(package_dir lib/cmake/Canter)
set_target_properties(canter_plugin PROPERTIES EXPORT_NAME canter)
install(TARGETS canter_plugin EXPORT CanterTargets
        ARCHIVE DESTINATION lib LIBRARY DESTINATION lib RUNTIME DESTINATION bin)
install(EXPORT CanterTargets NAMESPACE Canter:: DESTINATION ${package_dir})
install(DIRECTORY plugin/include/canter DESTINATION include FILES_MATCHING PATTERN "*.h")

# Readers and writers: an archive of their own, which the runtime never links.
add_library(canter_import_plugin STATIC $<TARGET_OBJECTS:canter_import>)
set_target_properties(canter_import_plugin PROPERTIES
  OUTPUT_NAME canter_import EXPORT_NAME import LINKER_LANGUAGE CXX)
target_link_libraries(canter_import_plugin INTERFACE canter_plugin $<INSTALL_INTERFACE:assimp::assimp>)
install(TARGETS canter_import_plugin EXPORT CanterImportTargets ARCHIVE DESTINATION lib)
install(EXPORT CanterImportTargets NAMESPACE Canter:: DESTINATION ${package_dir})

configure_package_config_file(cmake/CanterConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/CanterConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/CanterConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/CanterConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/CanterConfigVersion.cmake DESTINATION ${package_dir})

if(NOT BUILD_SHARED_LIBS)
  set(CANTER_PC_STATIC_LIBS " -lz -lmujoco -lstdc++ -lm")
endif()
configure_file(cmake/canter.pc.in ${CMAKE_CURRENT_BINARY_DIR}/canter.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/canter.pc DESTINATION lib/pkgconfig)
install(FILES LICENSE DESTINATION share/doc/canter)
