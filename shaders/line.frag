in vec4 v_color;
in float v_across;
in float v_half_width;
layout(location = 0) out vec4 out_color;

void main() {
  float coverage = clamp(v_half_width + 0.5 - abs(v_across), 0.0, 1.0);
  out_color = vec4(v_color.rgb, v_color.a * coverage);
}
