in vec3 v_world;
layout(location = 0) out vec4 out_color;

// Coverage of grid lines `step_m` apart and `width_px` wide; fades where they get too dense.
float grid(vec2 p, vec2 footprint, float step_m, float width_px) {
  vec2 cells = footprint / step_m;
  vec2 distance_px = (0.5 - abs(fract(p / step_m) - 0.5)) / max(cells, vec2(1e-6));
  vec2 line = clamp(0.5 * width_px + 0.5 - distance_px, 0.0, 1.0);
  line *= 1.0 - smoothstep(0.08, 0.35, cells);
  return max(line.x, line.y);
}

void main() {
  vec2 p = v_world.xz;
  vec2 footprint = fwidth(p);
  vec2 from_focus = p - focus.xz;
  float away = length(from_focus) / focus.w;
  vec3 horizon = background_horizon.rgb;

  // A soft pool of light around the character that ends in the horizon.
  float pool = exp(-1.1 * away * away);
  vec3 color = mix(horizon, floor_color.rgb, pool);
  float metre = grid(p, footprint, 1.0, 1.4);
  float decimetre = grid(p, footprint, 0.1, 1.0);
  float lines = max(0.55 * metre, 0.20 * decimetre * exp(-2.0 * away));
  color += lines * (0.012 + 0.13 * pool) * vec3(0.85, 0.95, 1.1);

  if (away < 2.0) {
    color *= mix(0.36, 1.0, key_visibility(v_world, vec3(0.0, 1.0, 0.0)));
    // Occlusion by small spheres at the feet: they stay grounded where the key shadow is soft.
    for (int i = 0; i < counts.x; ++i) {
      vec3 to_blob = blobs[i].xyz - v_world;
      float d2 = dot(to_blob, to_blob);
      float r = blobs[i].w;
      float occlusion = max(to_blob.y, 0.0) * r * r / (d2 * sqrt(d2) + 1e-6);
      color *= 1.0 - 0.75 * min(occlusion, 1.0);
    }
  }
  // Seen from below the floor is a veil, so that what stands on it stays visible.
  float alpha = gl_FrontFacing ? 1.0 : 0.35;
  out_color = vec4(to_srgb(color), alpha);
}
