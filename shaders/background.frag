in vec3 v_far;
layout(location = 0) out vec4 out_color;

void main() {
  float up = v_far.y * inversesqrt(dot(v_far, v_far));
  vec3 c = mix(background_horizon.rgb, background_top.rgb, smoothstep(0.0, 0.75, up));
  out_color = vec4(c + dither(gl_FragCoord.xy), 1.0);
}
