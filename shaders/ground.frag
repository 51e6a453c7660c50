in vec3 v_world;
layout(location = 0) out vec4 out_color;

// Coverage of grid lines `step_m` apart and `width_px` wide; fades where they get too dense.
float grid(vec2 p, vec2 footprint, float step_m, float width_px) {
  vec2 cells = footprint * (1.0 / step_m);
  vec2 distance_px = (0.5 - abs(fract(p * (1.0 / step_m)) - 0.5)) / cells;
  vec2 line = clamp(0.5 * width_px + 0.5 - distance_px, 0.0, 1.0);
  line *= clamp(1.3 - 4.0 * cells, 0.0, 1.0);
  return max(line.x, line.y);
}

void main() {
  vec2 p = v_world.xz;
  vec2 footprint = fwidth(p);
  vec2 away = (p - focus.xz) / focus.w;
  // A soft pool of light around the character that ends in the horizon.
  float falloff = 1.0 / (1.0 + 0.5 * dot(away, away));
  float pool = falloff * falloff;
  float metre = grid(p, footprint, 1.0, 1.4);
  float decimetre = grid(p, footprint, 0.1, 1.0);
  float lines = max(metre, 0.45 * pool * pool * decimetre) * (0.02 + 0.15 * pool);
  vec3 color = mix(background_horizon.rgb, floor_color.rgb, pool) + lines * vec3(0.92, 0.98, 1.06);
  // Seen from below the floor is a veil, so that what stands on it stays visible.
  out_color = vec4(color + dither(gl_FragCoord.xy), gl_FrontFacing ? 1.0 : 0.35);
}
