layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in uvec4 bones;
layout(location = 4) in vec4 weights;

out vec3 v_world;
out vec3 v_normal;
out vec2 v_uv;

void main() {
  SkinRows rows = blend_rows(bones, weights);
  v_world = skin_point(rows, position);
  v_normal = skin_direction(rows, normal);
  v_uv = uv;
  gl_Position = view_projection * vec4(v_world, 1.0);
}
