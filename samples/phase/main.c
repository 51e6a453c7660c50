/* A host in plain C that knows where in its cycle a motion is: the phases of two clips, a character
 * whose phase is read off its pose by a network, and one that goes from the first clip to the
 * second in phase and then follows the first one's. See README.md. */
#include <canter/canter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
  const char* paths[3]; /* two clips and a network */
  long frames;
} options;

static int parse(int argc, char** argv, options* o) {
  int num_paths = 0;
  o->frames = 600;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--headless") == 0) continue; /* it always is */
    if (strcmp(argv[i], "--frames") == 0 && i + 1 < argc)
      o->frames = strtol(argv[++i], NULL, 10);
    else if (argv[i][0] != '-' && num_paths < 3)
      o->paths[num_paths++] = argv[i];
    else
      return 0;
  }
  return num_paths == 3 && o->frames > 0;
}

/* Canter opens no files: how bytes get into memory is the host's business. */
static unsigned char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  unsigned char* bytes = NULL;
  *size = 0;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
    const long length = ftell(file);
    rewind(file);
    bytes = length > 0 ? malloc((size_t)length) : NULL;
    if (bytes != NULL) *size = fread(bytes, 1, (size_t)length, file);
  }
  if (file != NULL) fclose(file);
  if (bytes == NULL) {
    fprintf(stderr, "phase_host: cannot read %s\n", path);
    exit(1);
  }
  return bytes;
}

/* Leaves with what Canter has to say about it. */
static void check(canter_context* context, canter_status status) {
  char text[512] = "";
  if (status == CANTER_STATUS_OK) return;
  canter_last_error(context, text, sizeof text);
  fprintf(stderr, "phase_host: %s (%s)\n", text, canter_status_name(status));
  canter_context_destroy(context);
  exit(1);
}

static canter_clip load_clip(canter_context* context, canter_skeleton* skeleton,
                             canter_phase_network network, const char* path) {
  size_t size = 0;
  unsigned char* bytes = read_file(path, &size);
  canter_clip clip;
  if (skeleton->index1 == 0) check(context, canter_skeleton_load(context, bytes, size, skeleton));
  check(context, canter_clip_load(context, *skeleton, bytes, size, &clip));
  free(bytes);
  /* Or, baked by `canter phase extract`: canter_clip_load_phases(). */
  check(context, canter_clip_find_phases(context, clip, *skeleton, network));
  canter_clip_phase_info info = canter_clip_phase_info_default();
  check(context, canter_clip_get_phase_info(context, clip, &info));
  uint32_t left = 0, right = 0;
  check(context, canter_clip_read_strikes(context, clip, 0, NULL, 0, &left));
  check(context, canter_clip_read_strikes(context, clip, 1, NULL, 0, &right));
  printf("%s: %u frames of %u channels; %u strikes of the left foot, %u of the right\n", path,
         info.num_frames, info.num_channels, left, right);
  return clip;
}

static canter_character add(canter_context* context, canter_world world, canter_skeleton skeleton,
                            canter_clip clip, double time_s) {
  canter_character_desc who = canter_character_desc_default();
  who.skeleton = skeleton;
  canter_character character;
  check(context, canter_character_create(context, world, &who, &character));
  canter_play_desc play = canter_play_desc_default();
  play.clip = clip;
  play.wrap = CANTER_WRAP_LOOP;
  play.time_s = time_s;
  check(context, canter_character_play(context, character, &play));
  return character;
}

static void print_phase(canter_context* context, const char* who, canter_character character) {
  canter_phase_state state = canter_phase_state_default();
  check(context, canter_character_get_phase(context, character, &state));
  if (state.num_channels == 0) return;
  const canter_channel_phase gait = state.channels[state.primary];
  printf("  %s: phase %.3f at %.2f Hz, amplitude %.2f", who, (double)gait.phase,
         (double)gait.frequency_hz, (double)gait.amplitude);
  if (state.locked) printf(", %+.3f cycles to catch up", (double)state.phase_error);
}

int main(int argc, char** argv) {
  options o;
  if (!parse(argc, argv, &o)) {
    fprintf(stderr, "usage: phase_host [--headless] [--frames N] WALK.clip RUN.clip NETWORK\n");
    return 2;
  }
  canter_context* context = NULL;
  if (canter_context_create(NULL, &context) != CANTER_STATUS_OK) return 1;
  size_t size = 0;
  unsigned char* bytes = read_file(o.paths[2], &size);
  canter_phase_network network;
  check(context, canter_phase_network_load(context, bytes, size, &network));
  free(bytes);
  canter_skeleton skeleton = {0, 0};
  const canter_clip walk = load_clip(context, &skeleton, network, o.paths[0]);
  const canter_clip run = load_clip(context, &skeleton, network, o.paths[1]);

  /* One walks and its phase is read off its pose; the other one's is that of the clip it plays. */
  canter_world world;
  check(context, canter_world_create(context, NULL, &world));
  const canter_character one = add(context, world, skeleton, walk, 0.0);
  const canter_character other = add(context, world, skeleton, walk, 0.4);
  const canter_phase_network none = {0, 0};
  check(context, canter_character_set_phase(context, one, CANTER_PHASE_SOURCE_POSE, network));
  check(context, canter_character_set_phase(context, other, CANTER_PHASE_SOURCE_CLIP, none));

  for (long frame = 0; frame < o.frames; ++frame) {
    if (frame == o.frames / 3) {
      canter_play_desc play = canter_play_desc_default();
      play.clip = run;
      play.wrap = CANTER_WRAP_LOOP;
      play.transition = CANTER_TRANSITION_INERTIALIZE;
      canter_phase_match match;
      check(context, canter_character_play_in_phase(context, other, &play, &match));
      check(context, canter_character_lock_phase(context, other, one, NULL));
      printf("the other one runs, from %.3f s of the clip, and follows\n", (double)match.time_s);
    }
    check(context, canter_world_update(context, world, 1.0 / 60.0, NULL));
    if (frame % 60 != 59) continue;
    printf("%4.1f s", (double)(frame + 1) / 60.0);
    print_phase(context, "one", one);
    print_phase(context, "other", other);
    printf("\n");
  }
  canter_context_destroy(context);
  return 0;
}
