// How much of the sky a limb near the floor hides, multiplied onto the floor: what keeps a foot
// grounded where the key shadow is soft. The limb counts as the ball on it that is nearest.
in vec3 v_world;
flat in vec4 v_end_a;
flat in vec4 v_end_b;
layout(location = 0) out vec4 out_color;

void main() {
  vec3 along = v_end_b.xyz - v_end_a.xyz;
  float t = clamp(dot(v_world - v_end_a.xyz, along) / max(dot(along, along), 1e-8), 0.0, 1.0);
  vec4 ball = mix(v_end_a, v_end_b, t);
  vec3 to_ball = ball.xyz - v_world;
  float d2 = dot(to_ball, to_ball) + 1e-6;
  float r2 = ball.w * ball.w;
  float height = max(to_ball.y, 0.25 * ball.w);
  float hidden = min(height * r2 * inversesqrt(d2) / d2, 1.0);
  // Ends with the rectangle.
  float fade = clamp(1.25 - d2 / (20.0 * r2), 0.0, 1.0);
  out_color = vec4(vec3(1.0 - 0.62 * hidden * fade), 1.0);
}
