in vec3 v_world;
in vec3 v_normal;
in vec2 v_uv;
#ifdef TEXTURED
layout(binding = 1) uniform sampler2D base_texture;
#endif
layout(location = 1) uniform vec4 base_color;
layout(location = 0) out vec4 out_color;

void main() {
  vec4 albedo = base_color;
#ifdef TEXTURED
  albedo *= texture(base_texture, v_uv);
  // Cut-out instead of blending: hair cards and lashes need no sorting this way.
  if (albedo.a < 0.4) discard;
#endif
  vec3 normal = normalize(gl_FrontFacing ? v_normal : -v_normal);
#ifdef GHOST
  vec3 to_camera = normalize(camera_position.xyz - v_world);
  float edge = 1.0 - max(dot(normal, to_camera), 0.0);
  // Glass: clear where it faces the camera, its outline where it does not.
  out_color = vec4(to_srgb(matte(albedo.rgb, v_world, normal, 1.0)),
                   albedo.a * (0.35 + 0.65 * edge * edge));
#else
  float visibility = key_visibility(v_world, normal);
  out_color = vec4(to_srgb(matte(albedo.rgb, v_world, normal, visibility)), shadow.z);
#endif
}
