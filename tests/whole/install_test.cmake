# Installs the build into a fresh prefix and uses it as an outsider would: samples configured as
# projects of their own with find_package, pkg-config, good runs and runs that must fail.
#   cmake -DBUILD_DIR=… -DSOURCE_DIR=… -DMAKE_CLIP=<program> -DWORK_DIR=… [-DSANITIZE=…] -P this
function(run expected)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL expected)
    string(REPLACE ";" " " call "${ARGN}")
    message(FATAL_ERROR "'${call}' exited with ${code}, expected ${expected}\n${out}\n${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
  set(err "${err}" PARENT_SCOPE)
endfunction()

function(must_match text pattern)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "expected to match '${pattern}':\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
set(prefix ${WORK_DIR}/prefix)
run(0 ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
run(0 ${MAKE_CLIP} ${WORK_DIR}/made.clip)
file(WRITE ${WORK_DIR}/broken.clip "this is no clip")

set(flags)
if(SANITIZE)
  set(flags -DCMAKE_C_FLAGS=-fsanitize=${SANITIZE} -DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE})
endif()
foreach(sample c_host cpp_minimal)
  # A copy, so that nothing of the repository around it can be found by accident.
  file(COPY ${SOURCE_DIR}/samples/${sample} DESTINATION ${WORK_DIR}/outside)
  set(build ${WORK_DIR}/${sample})
  run(0 ${CMAKE_COMMAND} -S ${WORK_DIR}/outside/${sample} -B ${build} -DCMAKE_PREFIX_PATH=${prefix}
      -DCMAKE_BUILD_TYPE=Release ${flags})
  run(0 ${CMAKE_COMMAND} --build ${build})
  run(0 ${build}/${sample} ${WORK_DIR}/made.clip)
  must_match("${out}" "hips +-?[0-9.]+ +-?[0-9.]+ +-?[0-9.]+ m")
  run(1 ${build}/${sample} ${WORK_DIR}/absent.clip)
  must_match("${err}" "^${sample}: cannot read [^\n]*absent.clip\n$")
  run(1 ${build}/${sample} ${WORK_DIR}/broken.clip)
  must_match("${err}" "^${sample}: [^\n]+\n$")
  run(2 ${build}/${sample})
endforeach()

# A simulated body from the policy that ships.
file(COPY ${SOURCE_DIR}/samples/c_body DESTINATION ${WORK_DIR}/outside)
run(0 ${CMAKE_COMMAND} -S ${WORK_DIR}/outside/c_body -B ${WORK_DIR}/c_body -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Release ${flags})
run(0 ${CMAKE_COMMAND} --build ${WORK_DIR}/c_body)
run(0 ${WORK_DIR}/c_body/c_body ${SOURCE_DIR}/assets/policies/walk.safetensors)
must_match("${out}" "pushed +root at [^\n]*reward 0\\.[89][^\n]* 0 falls")
run(1 ${WORK_DIR}/c_body/c_body ${WORK_DIR}/broken.clip)
must_match("${err}" "^c_body: [^\n]+\n$")
run(2 ${WORK_DIR}/c_body/c_body)

# Inference alone, with an operator of the host's.
file(COPY ${SOURCE_DIR}/samples/network DESTINATION ${WORK_DIR}/outside)
run(0 ${CMAKE_COMMAND} -S ${WORK_DIR}/outside/network -B ${WORK_DIR}/network -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Release ${flags})
run(0 ${CMAKE_COMMAND} --build ${WORK_DIR}/network)
run(0 ${WORK_DIR}/network/network)
must_match("${out}" "^y .1, 2. 0.997459 0.071247\n$")
run(1 ${WORK_DIR}/network/network ${WORK_DIR}/broken.clip)
must_match("${err}" "^network: [^\n]+\n$")

# The same in plain C; and what a host reads that forgot to register.
file(COPY ${SOURCE_DIR}/samples/c_operator DESTINATION ${WORK_DIR}/outside)
run(0 ${CMAKE_COMMAND} -S ${WORK_DIR}/outside/c_operator -B ${WORK_DIR}/c_operator -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Release ${flags})
run(0 ${CMAKE_COMMAND} --build ${WORK_DIR}/c_operator)
run(0 ${WORK_DIR}/c_operator/c_operator)
must_match("${out}" "^y 0.931119 0.066509\ny 0.934333 0.116792\n$")
run(1 ${WORK_DIR}/c_operator/c_operator --without)
must_match("${err}" "^c_operator: .*node 'y' .UnitRows. of opset 1 of domain 'my.own'")
run(2 ${WORK_DIR}/c_operator/c_operator --with)

# Phases in plain C, with what ships: the follower catches up with whom it follows.
file(COPY ${SOURCE_DIR}/samples/phase DESTINATION ${WORK_DIR}/outside)
run(0 ${CMAKE_COMMAND} -S ${WORK_DIR}/outside/phase -B ${WORK_DIR}/phase -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_BUILD_TYPE=Release ${flags})
run(0 ${CMAKE_COMMAND} --build ${WORK_DIR}/phase)
set(clips ${SOURCE_DIR}/motion_data/walk.clip ${SOURCE_DIR}/motion_data/run.clip)
set(network ${SOURCE_DIR}/assets/models/phase.safetensors)
run(0 ${WORK_DIR}/phase/phase_host ${clips} ${network})
must_match("${out}" "10.0 s  one: phase 0.[0-9]+ at [01].[0-9]+ Hz[^\n]+ [+-]0.0[0-9]+ cycles to catch up\n$")
run(1 ${WORK_DIR}/phase/phase_host ${clips} ${WORK_DIR}/broken.clip)
must_match("${err}" "^phase_host: [^\n]+\n$")
run(2 ${WORK_DIR}/phase/phase_host ${clips})

# The pose after going back to the snapshot is the pose before, and the seed decides it.
run(0 ${WORK_DIR}/c_host/c_host --headless --frames 41 --seed 3 ${WORK_DIR}/made.clip)
string(REGEX MATCHALL "[^\n]+ m\n" lines "${out}")
list(LENGTH lines n)
math(EXPR half "${n} / 2")
list(SUBLIST lines 0 ${half} first)
list(SUBLIST lines ${half} -1 second)
if(half EQUAL 0 OR NOT first STREQUAL second)
  message(FATAL_ERROR "stepping on from a snapshot gave another pose:\n${out}")
endif()
run(0 ${WORK_DIR}/c_host/c_host --headless --frames 41 --seed 4 ${WORK_DIR}/made.clip)
string(REGEX MATCHALL "[^\n]+ m\n" other "${out}")
list(SUBLIST other 0 ${half} other)
if(other STREQUAL first)
  message(FATAL_ERROR "the seed changed nothing")
endif()
run(2 ${WORK_DIR}/c_host/c_host --frames 0 ${WORK_DIR}/made.clip)

# Without CMake.
find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${prefix}/lib/pkgconfig)
  run(0 ${PKG_CONFIG} --cflags --libs canter)
  must_match("${out}" "-lcanter")
endif()

# A program that asks for a component this installation has not is told so.
file(WRITE ${WORK_DIR}/wants/CMakeLists.txt
     "cmake_minimum_required(VERSION 3.25)\nproject(wants LANGUAGES CXX)\nfind_package(Canter REQUIRED COMPONENTS teleport)\n")
run(1 ${CMAKE_COMMAND} -S ${WORK_DIR}/wants -B ${WORK_DIR}/wants/build -DCMAKE_PREFIX_PATH=${prefix})
must_match("${err}" "teleport")
