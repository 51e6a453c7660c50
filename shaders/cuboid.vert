// A box, drawn from a cube whose faces have corners of their own.
layout(location = 0) in vec3 position;  // each axis -1 to 1
layout(location = 1) in vec3 normal;    // of the face: along one axis
layout(location = 2) in mat4 pose;      // to world; its columns are half the box, at right angles
layout(location = 6) in vec4 color;     // linear RGBA

out vec3 v_world;
out vec3 v_normal;
out vec4 v_color;

void main() {
  v_world = (pose * vec4(position, 1.0)).xyz;
  v_normal = mat3(pose) * normal;
  v_color = color;
  gl_Position = SOLID_PROJECTION * vec4(v_world, 1.0);
}
