in vec3 v_world;
in vec3 v_normal;
in vec2 v_uv;
layout(binding = 1) uniform sampler2D base_texture;
layout(location = 1) uniform vec4 base_color;
layout(location = 0) out vec4 out_color;

void main() {
  vec4 albedo = base_color * texture(base_texture, v_uv);
  // Cut-out instead of blending: hair cards and lashes need no sorting this way.
  if (albedo.a < 0.4) discard;
  vec3 normal = normalize(gl_FrontFacing ? v_normal : -v_normal);
  float visibility = key_visibility(v_world, normal);
  out_color = vec4(to_srgb(matte(albedo.rgb, v_world, normal, visibility)), 1.0);
}
