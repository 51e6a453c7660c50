in vec3 v_far;
layout(location = 0) out vec4 out_color;

void main() {
  vec3 c = to_srgb(background(normalize(v_far)));
  // Half a step of ordered noise hides the bands of an eight-bit gradient.
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  out_color = vec4(c + (noise - 0.5) / 255.0, 1.0);
}
