/* A host in plain C: loads a clip from memory, steps a character, prints a pose and where the time
 * went. What an engine does, without the engine. See README.md. */
#include <canter/canter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
  const char* path;
  long frames;
  long seed;
} options;

static int parse(int argc, char** argv, options* o) {
  o->path = NULL;
  o->frames = 120;
  o->seed = 0;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--headless") == 0) continue; /* it always is */
    if (strcmp(argv[i], "--frames") == 0 && i + 1 < argc) {
      o->frames = strtol(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      o->seed = strtol(argv[++i], NULL, 10);
    } else if (argv[i][0] != '-' && o->path == NULL) {
      o->path = argv[i];
    } else {
      return 0;
    }
  }
  return o->path != NULL && o->frames > 0;
}

/* Canter opens no files: how bytes get into memory is the host's business. */
static unsigned char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  unsigned char* bytes = NULL;
  *size = 0;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    const long length = ftell(file);
    rewind(file);
    bytes = length > 0 ? malloc((size_t)length) : NULL;
    if (bytes != NULL) *size = fread(bytes, 1, (size_t)length, file);
  }
  fclose(file);
  return bytes;
}

/* Leaves with what Canter has to say about it. */
static void check(canter_context* context, canter_status status) {
  char text[512] = "";
  if (status == CANTER_STATUS_OK) return;
  canter_last_error(context, text, sizeof text);
  fprintf(stderr, "c_host: %s (%s)\n", text, canter_status_name(status));
  canter_context_destroy(context);
  exit(1);
}

static void print_pose(canter_context* context, canter_skeleton skeleton, canter_character who) {
  uint32_t count = 0;
  check(context, canter_character_read_models(context, who, NULL, 0, &count));
  float* m16 = malloc(sizeof(float) * 16 * count);
  if (m16 == NULL) exit(1);
  check(context, canter_character_read_models(context, who, m16, count, &count));
  for (uint32_t j = 0; j < count && j < 8; ++j) {
    const char* name = NULL;
    check(context, canter_skeleton_joint_name(context, skeleton, j, &name));
    printf("%-20s %8.4f %8.4f %8.4f m\n", name, (double)m16[16 * j + 12], (double)m16[16 * j + 13],
           (double)m16[16 * j + 14]);
  }
  free(m16);
}

static void print_latency(canter_context* context, canter_world world) {
  uint32_t stages = 0;
  check(context, canter_world_num_stages(context, world, &stages));
  for (uint32_t s = 0; s <= stages; ++s) { /* the one behind the last is the sum */
    canter_stage_latency row = canter_stage_latency_default();
    check(context, canter_world_latency(context, world, s, &row));
    printf("%-8s p50 %7.2f  p95 %7.2f  p99 %7.2f us\n", row.name, row.p50_us, row.p95_us,
           row.p99_us);
  }
}

int main(int argc, char** argv) {
  options o;
  if (!parse(argc, argv, &o)) {
    fprintf(stderr, "usage: c_host [--headless] [--frames N] [--seed S] FILE.clip\n");
    return 2;
  }
  /* Do this header and this library fit together? */
  const canter_layout layout = canter_layout_of_header();
  if (canter_check_layout(&layout) != CANTER_STATUS_OK) {
    fprintf(stderr, "c_host: compiled against another version of Canter\n");
    return 1;
  }
  size_t size = 0;
  unsigned char* bytes = read_file(o.path, &size);
  if (bytes == NULL) {
    fprintf(stderr, "c_host: cannot read %s\n", o.path);
    return 1;
  }

  canter_context* context = NULL;
  if (canter_context_create(NULL, &context) != CANTER_STATUS_OK) return 1;
  canter_skeleton skeleton;
  canter_clip clip;
  check(context, canter_skeleton_load(context, bytes, size, &skeleton));
  check(context, canter_clip_load(context, skeleton, bytes, size, &clip));
  free(bytes);
  canter_clip_info info = canter_clip_info_default();
  check(context, canter_clip_get_info(context, clip, &info));
  printf("%s: %u joints, %u frames, %.3f s\n", o.path, info.num_joints, info.num_frames,
         (double)info.duration_s);

  canter_world world;
  check(context, canter_world_create(context, NULL, &world));
  canter_character_desc who = canter_character_desc_default();
  who.skeleton = skeleton;
  canter_character character;
  check(context, canter_character_create(context, world, &who, &character));
  canter_play_desc play = canter_play_desc_default();
  play.clip = clip;
  play.wrap = CANTER_WRAP_LOOP;
  play.time_s = (double)info.duration_s * (double)(o.seed % 100) / 100.0; /* the seed's start */
  check(context, canter_character_play(context, character, &play));

  /* Half the frames, a snapshot, the other half; then back to the snapshot and the half again. */
  size_t snapshot_size = 0;
  void* snapshot = NULL;
  for (long frame = 0; frame < o.frames; ++frame) {
    if (frame == o.frames / 2) {
      check(context, canter_world_save(context, world, NULL, 0, &snapshot_size));
      snapshot = malloc(snapshot_size);
      check(context, canter_world_save(context, world, snapshot, snapshot_size, NULL));
    }
    check(context, canter_world_update(context, world, 1.0 / 60.0, NULL));
  }
  print_pose(context, skeleton, character);
  check(context, canter_world_restore(context, world, snapshot, snapshot_size));
  for (long frame = o.frames / 2; frame < o.frames; ++frame)
    check(context, canter_world_update(context, world, 1.0 / 60.0, NULL));
  printf("the same after going back to frame %ld:\n", o.frames / 2);
  print_pose(context, skeleton, character);
  print_latency(context, world);

  free(snapshot);
  canter_context_destroy(context);
  return 0;
}
