/*
 * Canter: real-time motion animation for game engines. The C interface.
 *
 * A context holds everything; worlds, characters, skeletons, clips and masks are named by handles
 * passed by value. Every call that can fail returns a status, and canter_last_error() says in words
 * what was wrong. Nothing is thrown, nothing ends the process, no file is opened.
 *
 * Units: metres, seconds, radians. Right-handed, Y up. Matrices are column-major, quaternions
 * x, y, z, w.
 *
 * Threads. Each function carries one of these tags:
 *   [any-thread]    at any time, from any thread.
 *   [load]          from any thread, also while a world is updated.
 *   [world]         one thread at a time for each world.
 *   [session]       one thread at a time for each session.
 *   [callback]      inside a callback of an operator, with what it was given.
 *   [world-read]    any number of threads at a time for each world, while none is in a [world]
 * call. Calls on one world that meet although they must not are answered CANTER_STATUS_BUSY;
 * nothing waits and nothing breaks. A context is created before and destroyed after all other use
 * of it.
 *
 * Descriptors start with their size, set by the matching _default() function. A program compiled
 * against an older header keeps working with a newer library: fields it does not know keep their
 * defaults. docs/embedding.md shows the whole in one page.
 */
#ifndef CANTER_CANTER_H
#define CANTER_CANTER_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(CANTER_SHARED)
#ifdef CANTER_BUILDING
#define CANTER_API __declspec(dllexport)
#else
#define CANTER_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define CANTER_API __attribute__((visibility("default")))
#else
#define CANTER_API
#endif

#ifdef __cplusplus
#define CANTER_NOEXCEPT noexcept
extern "C" {
#else
#define CANTER_NOEXCEPT
#endif

/* ---- version ----------------------------------------------------------------------------------
 */

#define CANTER_VERSION_MAJOR 0
#define CANTER_VERSION_MINOR 1
#define CANTER_VERSION_PATCH 0
/** Of this header, as canter_version() gives that of the library. */
#define CANTER_VERSION \
  ((CANTER_VERSION_MAJOR << 22) | (CANTER_VERSION_MINOR << 12) | CANTER_VERSION_PATCH)

/* ---- results ----------------------------------------------------------------------------------
 */

/** What a call came to. Zero is success; negative values are failures. */
typedef enum canter_status {
  CANTER_STATUS_OK = 0,
  CANTER_STATUS_INVALID_ARGUMENT = -1, /**< a null pointer or a number out of range */
  CANTER_STATUS_INVALID_HANDLE = -2,   /**< null, destroyed, or of another context */
  CANTER_STATUS_BAD_DATA = -3,         /**< bytes that are not what they should be */
  CANTER_STATUS_LIMIT = -4,            /**< a capacity given at creation, or a buffer, is full */
  CANTER_STATUS_OUT_OF_MEMORY = -5,    /**< the allocator returned null */
  CANTER_STATUS_BUSY = -6,             /**< the world is being updated */
  CANTER_STATUS_VERSION = -7,          /**< header and library do not fit together */
  CANTER_STATUS_INTERNAL = -8          /**< a defect in Canter; the message helps to report it */
} canter_status;

/* ---- handles: {0, ...} is null; a destroyed one never matches again ----------------------------
 */

/** The root of everything. The one pointer: not to be used after canter_context_destroy(). */
typedef struct canter_context canter_context;

/** A hierarchy of joints. Immutable. */
typedef struct canter_skeleton {
  uint32_t index1, generation;
} canter_skeleton;
/** A compressed motion of one skeleton. Immutable. */
typedef struct canter_clip {
  uint32_t index1, generation;
} canter_clip;
/** Per-joint weights for layers. Immutable. */
typedef struct canter_mask {
  uint32_t index1, generation;
} canter_mask;
/** A neural network. Immutable, shared by its sessions. */
typedef struct canter_model {
  uint32_t index1, generation;
} canter_model;
/** One user of a network: its inputs, outputs and memory. */
typedef struct canter_session {
  uint32_t index1, generation;
} canter_session;
/** A network that reads phases off poses. Immutable. */
typedef struct canter_phase_network {
  uint32_t index1, generation;
} canter_phase_network;
/** A trained body: which one, what it imitates, and the network that drives it. Immutable. */
typedef struct canter_policy {
  uint32_t index1, generation;
} canter_policy;
/** A set of characters that are updated together. */
typedef struct canter_world {
  uint32_t index1, generation;
} canter_world;
/** A character, inside its world. */
typedef struct canter_character {
  uint32_t index1, generation;
  canter_world world;
} canter_character;

/* ---- plain values -----------------------------------------------------------------------------
 */

/** Scale first, then rotation, then translation. */
typedef struct canter_transform {
  float rotation[4];    /**< x, y, z, w; unit length */
  float translation[3]; /**< metres */
  float scale[3];
} canter_transform;

/** The identity. [any-thread] */
CANTER_API canter_transform canter_transform_default(void) CANTER_NOEXCEPT;

/* ---- the host's services ----------------------------------------------------------------------
 */

/** Where a context's memory comes from. Called from any thread that calls Canter. */
typedef struct canter_allocator {
  /** Returns `size` bytes aligned to `alignment` (a power of two), or null. */
  void* (*allocate)(void* user, size_t size, size_t alignment);
  /** Takes back what allocate() gave, with the same size and alignment. */
  void (*release)(void* user, void* memory, size_t size, size_t alignment);
  void* user;
} canter_allocator;

/** How much a message matters. */
typedef enum canter_log_level {
  CANTER_LOG_DEBUG = 0,
  CANTER_LOG_INFO = 1,
  CANTER_LOG_WARNING = 2,
  CANTER_LOG_ERROR = 3
} canter_log_level;

/** Where messages go. Called from any thread that calls Canter. */
typedef struct canter_log {
  void (*write)(void* user, canter_log_level level, const char* message);
  void* user;
} canter_log;

/** The host's threads. */
typedef struct canter_jobs {
  /** Calls run(data, i) once for each i in [0, count), in any order, on any threads, and returns
      when all are done. Results do not depend on the order. */
  void (*parallel_for)(void* user, int32_t count, void (*run)(void* data, int32_t index),
                       void* data);
  void* user;
} canter_jobs;

/* ---- context ----------------------------------------------------------------------------------
 */

/** How a context is made. */
typedef struct canter_context_desc {
  uint32_t size; /**< sizeof this struct, set by canter_context_desc_default() */
  uint32_t reserved;
  canter_allocator allocator; /**< null functions: the C++ runtime's */
  canter_log log;             /**< null: silence */
  canter_jobs jobs;           /**< null: everything on the calling thread */
} canter_context_desc;

/** A description with every field at its default. [any-thread] */
CANTER_API canter_context_desc canter_context_desc_default(void) CANTER_NOEXCEPT;

/** Makes a context. `desc` may be null for the defaults. [any-thread] */
CANTER_API canter_status canter_context_create(const canter_context_desc* desc,
                                               canter_context** out) CANTER_NOEXCEPT;

/** Destroys a context and everything in it. Null is allowed. [any-thread, as the last call] */
CANTER_API void canter_context_destroy(canter_context* context) CANTER_NOEXCEPT;

/** Copies what the last failed call on this context said, cut to `capacity` bytes with the
    terminating zero. Returns the full length without it. Empty if no call failed. [any-thread] */
CANTER_API size_t canter_last_error(canter_context* context, char* text,
                                    size_t capacity) CANTER_NOEXCEPT;

/** The name of a status as written in this header. Never null. [any-thread] */
CANTER_API const char* canter_status_name(canter_status status) CANTER_NOEXCEPT;

/** Version of the library, in the form of CANTER_VERSION. [any-thread] */
CANTER_API uint32_t canter_version(void) CANTER_NOEXCEPT;

/** Version of the library as text, like "0.1.0". [any-thread] */
CANTER_API const char* canter_version_string(void) CANTER_NOEXCEPT;

/* ---- skeletons --------------------------------------------------------------------------------
 */

/** Reads the skeleton out of the bytes of a `.clip` file. The bytes may go afterwards. [load] */
CANTER_API canter_status canter_skeleton_load(canter_context* context, const void* bytes,
                                              size_t size, canter_skeleton* out) CANTER_NOEXCEPT;

/** Ends the handle. Characters and clips made with the skeleton keep it alive. [load] */
CANTER_API canter_status canter_skeleton_destroy(canter_context* context,
                                                 canter_skeleton skeleton) CANTER_NOEXCEPT;

/** The number of joints. [load] */
CANTER_API canter_status canter_skeleton_num_joints(canter_context* context,
                                                    canter_skeleton skeleton,
                                                    uint32_t* out) CANTER_NOEXCEPT;

/** The name of a joint, UTF-8, valid as long as the skeleton. [load] */
CANTER_API canter_status canter_skeleton_joint_name(canter_context* context,
                                                    canter_skeleton skeleton, uint32_t joint,
                                                    const char** out) CANTER_NOEXCEPT;

/** The first joint of exactly this name; -1 if there is none. [load] */
CANTER_API canter_status canter_skeleton_find_joint(canter_context* context,
                                                    canter_skeleton skeleton, const char* name,
                                                    int32_t* out) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) parents, joints in order: -1 for a root, else smaller than the
    joint's own index. *count receives the full number (null, 0 just asks). [load] */
CANTER_API canter_status canter_skeleton_parents(canter_context* context, canter_skeleton skeleton,
                                                 int32_t* parents, uint32_t capacity,
                                                 uint32_t* count) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) transforms of the rest pose, relative to the parent joint. *count
    receives the full number (null, 0 just asks). [load] */
CANTER_API canter_status canter_skeleton_rest_pose(canter_context* context,
                                                   canter_skeleton skeleton, canter_transform* rest,
                                                   uint32_t capacity,
                                                   uint32_t* count) CANTER_NOEXCEPT;

/* ---- clips ------------------------------------------------------------------------------------
 */

/** What there is to know of a clip. */
typedef struct canter_clip_info {
  uint32_t size; /**< sizeof this struct, set by canter_clip_info_default() */
  uint32_t num_joints;
  uint32_t num_frames;
  float rate_hz;
  float duration_s;
  uint32_t loops;           /**< 1: made to loop */
  uint32_t has_root_motion; /**< 1: its movement over the ground is kept beside the pose */
  uint64_t bytes;           /**< of compressed motion */
} canter_clip_info;

/** An empty structure with its size set. [any-thread] */
CANTER_API canter_clip_info canter_clip_info_default(void) CANTER_NOEXCEPT;

/** Reads the motion out of the bytes of a `.clip` file, which must have been made for this
    skeleton. A chunk "root_motion" in the file comes along. The bytes may go afterwards. [load] */
CANTER_API canter_status canter_clip_load(canter_context* context, canter_skeleton skeleton,
                                          const void* bytes, size_t size,
                                          canter_clip* out) CANTER_NOEXCEPT;

/** Ends the handle. Characters that still play the clip are parked by their next update.
    [world, of every world] */
CANTER_API canter_status canter_clip_destroy(canter_context* context,
                                             canter_clip clip) CANTER_NOEXCEPT;

/** Fills `info`, whose size must be set. [load] */
CANTER_API canter_status canter_clip_get_info(canter_context* context, canter_clip clip,
                                              canter_clip_info* info) CANTER_NOEXCEPT;

/* ---- networks ---------------------------------------------------------------------------------
 */

/** Type of the elements of a tensor. A BOOL is one byte, 0 or 1. */
typedef enum canter_dtype {
  CANTER_DTYPE_F64 = 0,
  CANTER_DTYPE_F32 = 1,
  CANTER_DTYPE_F16 = 2,
  CANTER_DTYPE_BF16 = 3,
  CANTER_DTYPE_I64 = 4,
  CANTER_DTYPE_I32 = 5,
  CANTER_DTYPE_I16 = 6,
  CANTER_DTYPE_I8 = 7,
  CANTER_DTYPE_U8 = 8,
  CANTER_DTYPE_BOOL = 9
} canter_dtype;

/** What the weights are kept as. */
typedef enum canter_precision {
  CANTER_PRECISION_OF_FILE = 0, /**< what a file of `canter model convert` asks for, else F32 */
  CANTER_PRECISION_F32 = 1,
  CANTER_PRECISION_F16 = 2,
  CANTER_PRECISION_BF16 = 3,
  CANTER_PRECISION_I8 = 4
} canter_precision;

#define CANTER_MAX_RANK 8

/** How a network is loaded. */
typedef struct canter_model_desc {
  uint32_t size;     /**< sizeof this struct, set by canter_model_desc_default() */
  int32_t precision; /**< a canter_precision */
  const char*
      architecture; /**< text of an architecture file, for weights without a graph; or null */
} canter_model_desc;

/** An input or output of a network. */
typedef struct canter_tensor_info {
  uint32_t size; /**< sizeof this struct, set by canter_tensor_info_default() */
  int32_t dtype; /**< a canter_dtype */
  uint32_t rank;
  uint32_t reserved;
  int64_t shape[CANTER_MAX_RANK]; /**< outermost first; -1: chosen by every run */
  const char* name;               /**< UTF-8, valid as long as the model */
} canter_tensor_info;

/** Someone's elements, dense, the last index running fastest. */
typedef struct canter_tensor {
  int32_t dtype; /**< a canter_dtype */
  uint32_t rank;
  int64_t shape[CANTER_MAX_RANK];
  const void* data;
} canter_tensor;

/** A description with every field at its default. [any-thread] */
CANTER_API canter_model_desc canter_model_desc_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_tensor_info canter_tensor_info_default(void) CANTER_NOEXCEPT;

/** Reads a network: ONNX, a file of `canter model convert`, or weights (safetensors, .npz, .pt)
   with an architecture. `desc` may be null for the defaults. The bytes may go afterwards. Weights
   and constants are kept in the context's memory; what is only needed while the file is read, and
   the small objects that describe the layers, are the C++ runtime's. [load] */
CANTER_API canter_status canter_model_load(canter_context* context, const void* bytes, size_t size,
                                           const canter_model_desc* desc,
                                           canter_model* out) CANTER_NOEXCEPT;

/** Ends the handle. Sessions keep the network alive. [load] */
CANTER_API canter_status canter_model_destroy(canter_context* context,
                                              canter_model model) CANTER_NOEXCEPT;

/** How many inputs and outputs there are; either pointer may be null. [load] */
CANTER_API canter_status canter_model_counts(canter_context* context, canter_model model,
                                             uint32_t* inputs, uint32_t* outputs) CANTER_NOEXCEPT;

/** Fills `info`, whose size must be set. [load] */
CANTER_API canter_status canter_model_input(canter_context* context, canter_model model,
                                            uint32_t index,
                                            canter_tensor_info* info) CANTER_NOEXCEPT;
/** Fills `info`, whose size must be set. [load] */
CANTER_API canter_status canter_model_output(canter_context* context, canter_model model,
                                             uint32_t index,
                                             canter_tensor_info* info) CANTER_NOEXCEPT;

/** Makes a user of a network. [load] */
CANTER_API canter_status canter_session_create(canter_context* context, canter_model model,
                                               canter_session* out) CANTER_NOEXCEPT;

/** Ends the handle. [load] */
CANTER_API canter_status canter_session_destroy(canter_context* context,
                                                canter_session session) CANTER_NOEXCEPT;

/** Runs the network: copies the inputs, all of them in the model's order, and computes. Takes
   memory only where their shapes differ from those of the run before. [session] */
CANTER_API canter_status canter_session_run(canter_context* context, canter_session session,
                                            const canter_tensor* inputs,
                                            uint32_t num_inputs) CANTER_NOEXCEPT;

/** An output of the last run; its data are valid until the next. [session] */
CANTER_API canter_status canter_session_output(canter_context* context, canter_session session,
                                               uint32_t index, canter_tensor* out) CANTER_NOEXCEPT;

/* ---- operators of the host --------------------------------------------------------------------
 */

/** A node of a network as its operator sees it: name and attributes. Valid during the callback. */
typedef struct canter_node canter_node;

/** The most inputs, and the most outputs, of an operator of the host. */
#define CANTER_MAX_OPERATOR_TENSORS 16
/** Room for what a callback has to say, bytes. */
#define CANTER_OPERATOR_MESSAGE 160

/** An output of an operator: described by its shape function, written by its run function. */
typedef struct canter_operator_output {
  int32_t dtype; /**< a canter_dtype, no F64, F16 or BF16; preset to F32 */
  uint32_t rank;
  int64_t shape[CANTER_MAX_RANK]; /**< outermost first */
  void* data; /**< null in a shape function, and where nobody reads the output */
} canter_operator_output;

/** What an operator is called with. Floating-point values inside a network are F32, whatever the
    file holds; everything is dense and row-major. */
typedef struct canter_operator_call {
  uint32_t size; /**< sizeof this struct as the library has it */
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t reserved;
  void* user; /**< of the canter_operator_desc */
  const canter_node* node;
  /** [num_inputs] Data are null where an input is left out (its dtype is -1), and in a shape
      function where they are not known before a run. */
  const canter_tensor* inputs;
  canter_operator_output* outputs; /**< [num_outputs] */
  /** Shape function: ask for scratch. Run function: how much there is. */
  size_t scratch_bytes;
  void* scratch; /**< aligned to 64 bytes, contents undefined; null in a shape function */
  /** Why the callback fails, if it likes to say: [CANTER_OPERATOR_MESSAGE], empty at first. */
  char* message;
} canter_operator_call;

/** An operator that files may use: a layer Canter does not have. */
typedef struct canter_operator_desc {
  uint32_t size; /**< sizeof this struct, set by canter_operator_desc_default() */
  uint32_t reserved;
  const char* domain; /**< as the file has it; empty: in the place of ONNX's own operator */
  const char* type;   /**< as the file has it */
  /** Checks the inputs' types and shapes and describes every output, the same for the same inputs.
      Called on the thread of canter_model_load() or of a session, by several at once. Anything but
      CANTER_STATUS_OK refuses the network or the run. */
  canter_status (*shape)(canter_operator_call* call);
  /** Writes every element of the outputs. Takes no memory and does not wait. Called as shape is. */
  canter_status (*run)(canter_operator_call* call);
  void* user; /**< handed to both; must outlive the context */
} canter_operator_desc;

/** A description with every field at its default. [any-thread] */
CANTER_API canter_operator_desc canter_operator_desc_default(void) CANTER_NOEXCEPT;

/** Makes an operator known to every network that this context loads from now on. It stays until
    the context is destroyed; registering one twice is an error. Nothing that a callback does wrong
    gets further than a status of the call it happens in: failing, an impossible shape, writing
    beyond an output's end (noticed within 64 bytes, afterwards), and a C++ exception. [load] */
CANTER_API canter_status canter_operator_register(canter_context* context,
                                                  const canter_operator_desc* desc) CANTER_NOEXCEPT;

/** The node's name, UTF-8, perhaps empty. [callback] */
CANTER_API const char* canter_node_name(const canter_node* node) CANTER_NOEXCEPT;
/** An attribute, or `otherwise` where there is none of this name and kind. [callback] */
CANTER_API int64_t canter_node_integer(const canter_node* node, const char* attribute,
                                       int64_t otherwise) CANTER_NOEXCEPT;
/** As canter_node_integer(). [callback] */
CANTER_API float canter_node_number(const canter_node* node, const char* attribute,
                                    float otherwise) CANTER_NOEXCEPT;
/** As canter_node_integer(); the text is valid as long as the node. [callback] */
CANTER_API const char* canter_node_text(const canter_node* node, const char* attribute,
                                        const char* otherwise) CANTER_NOEXCEPT;
/** Writes min(result, capacity) numbers of an attribute that is a list of integers; returns how
    many it has, 0 where there is none. [callback] */
CANTER_API uint32_t canter_node_integers(const canter_node* node, const char* attribute,
                                         int64_t* out, uint32_t capacity) CANTER_NOEXCEPT;
/** The same of a list of floating-point numbers. [callback] */
CANTER_API uint32_t canter_node_numbers(const canter_node* node, const char* attribute, float* out,
                                        uint32_t capacity) CANTER_NOEXCEPT;

/* ---- worlds -----------------------------------------------------------------------------------
 */

/** How a world is made. */
typedef struct canter_world_desc {
  uint32_t size; /**< sizeof this struct, set by canter_world_desc_default() */
  uint32_t max_characters;
  uint32_t max_workers;     /**< how many worker loops an update hands to the context's jobs */
  uint32_t latency_history; /**< frames that the latency statistics look back */
  /** How many characters may be in an inertialized transition at once; one more crossfades. -1: an
      eighth of max_characters, at least 16. */
  int32_t max_transitions;
  uint32_t reserved;
  double fixed_rate_hz; /**< of simulation: 120, or 240 for quality */
} canter_world_desc;

/** What one update did. */
typedef struct canter_update_report {
  uint32_t size; /**< sizeof this struct, set by canter_update_report_default() */
  uint32_t num_updated;
  uint32_t num_parked;    /**< characters standing still with a reason */
  uint32_t newly_parked;  /**< of those, the ones this update parked */
  uint32_t num_simulated; /**< characters whose body was simulated */
  uint32_t num_ended;     /**< bodies that fell, strayed, broke or were at their clip's end */
} canter_update_report;

/** Latency of one stage of the frame, over the last frames. With several workers the times of all
    are added up. */
typedef struct canter_stage_latency {
  uint32_t size; /**< sizeof this struct, set by canter_stage_latency_default() */
  uint32_t num_frames;
  const char* name; /**< valid as long as the library */
  double p50_us, p95_us, p99_us, max_us;
} canter_stage_latency;

/** A description with every field at its default. [any-thread] */
CANTER_API canter_world_desc canter_world_desc_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_update_report canter_update_report_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_stage_latency canter_stage_latency_default(void) CANTER_NOEXCEPT;

/** Makes a world. `desc` may be null for the defaults. [load] */
CANTER_API canter_status canter_world_create(canter_context* context, const canter_world_desc* desc,
                                             canter_world* out) CANTER_NOEXCEPT;

/** Destroys a world with its characters and masks. [world] */
CANTER_API canter_status canter_world_destroy(canter_context* context,
                                              canter_world world) CANTER_NOEXCEPT;

/** Advances every character by `dt_s` >= 0. Takes no memory once warmed up. `report` may be null.
    [world] */
CANTER_API canter_status canter_world_update(canter_context* context, canter_world world,
                                             double dt_s,
                                             canter_update_report* report) CANTER_NOEXCEPT;

/** How many stages a frame has. [world-read] */
CANTER_API canter_status canter_world_num_stages(canter_context* context, canter_world world,
                                                 uint32_t* out) CANTER_NOEXCEPT;

/** Latency of stage `stage`; the number of stages itself stands for their sum. [world] */
CANTER_API canter_status canter_world_latency(canter_context* context, canter_world world,
                                              uint32_t stage,
                                              canter_stage_latency* out) CANTER_NOEXCEPT;

/** Writes a snapshot of the whole world. *size receives the bytes it takes; null, 0 just asks, and
    a buffer too small is CANTER_STATUS_LIMIT. [world-read] */
CANTER_API canter_status canter_world_save(canter_context* context, canter_world world,
                                           void* buffer, size_t capacity,
                                           size_t* size) CANTER_NOEXCEPT;

/** Puts the world back as saved: characters destroyed since are alive again under their old
    handles, those created since are gone. A snapshot belongs to the build that made it. Any bytes
    are safe to pass. May take memory. [world] */
CANTER_API canter_status canter_world_restore(canter_context* context, canter_world world,
                                              const void* bytes, size_t size) CANTER_NOEXCEPT;

/** Makes a mask: one weight in [0, 1] for each joint of `skeleton`, `count` of them. [world] */
CANTER_API canter_status canter_mask_create(canter_context* context, canter_world world,
                                            canter_skeleton skeleton, const float* weights,
                                            uint32_t count, canter_mask* out) CANTER_NOEXCEPT;

/** Ends a mask. Characters whose layers still use it are parked by their next update. [world] */
CANTER_API canter_status canter_mask_destroy(canter_context* context, canter_world world,
                                             canter_mask mask) CANTER_NOEXCEPT;

/* ---- characters -------------------------------------------------------------------------------
 */

/** What becomes of the movement over the ground that a clip keeps beside its pose
    (canter_clip_info::has_root_motion). */
typedef enum canter_root_motion {
  CANTER_ROOT_MOTION_IN_POSE = 0,  /**< put back into the pose */
  CANTER_ROOT_MOTION_IN_PLACE = 1, /**< dropped */
  CANTER_ROOT_MOTION_MOVE = 2      /**< moves the placement */
} canter_root_motion;

/** How a character is made. */
typedef struct canter_character_desc {
  uint32_t size; /**< sizeof this struct, set by canter_character_desc_default() */
  canter_skeleton skeleton;
  canter_transform placement; /**< model to world space */
  int32_t root_motion;        /**< canter_root_motion */
} canter_character_desc;

/** What happens at the ends of a clip. */
typedef enum canter_wrap {
  CANTER_WRAP_AS_CLIP = 0, /**< loops if the clip was made to, else clamps */
  CANTER_WRAP_LOOP = 1,
  CANTER_WRAP_CLAMP = 2
} canter_wrap;

/** How a character gets from what it shows to another clip. */
typedef enum canter_transition {
  CANTER_TRANSITION_CUT = 0,
  CANTER_TRANSITION_CROSSFADE = 1, /**< both clips play on and are blended */
  /** Only the new clip plays; the difference in pose and velocity fades out. */
  CANTER_TRANSITION_INERTIALIZE = 2
} canter_transition;

/** A clip to play and how to get there. */
typedef struct canter_play_desc {
  uint32_t size;               /**< sizeof this struct, set by canter_play_desc_default() */
  canter_clip clip;            /**< null: the rest pose */
  float speed;                 /**< -5 to 5; negative plays backwards */
  double time_s;               /**< where to start */
  int32_t wrap;                /**< canter_wrap */
  int32_t transition;          /**< canter_transition */
  float transition_duration_s; /**< 0 to 10 */
  uint32_t reserved;
} canter_play_desc;

/** What a layer does. */
typedef enum canter_layer_mode {
  CANTER_LAYER_OFF = 0,
  CANTER_LAYER_REPLACE = 1, /**< blended over what is below, by weight and mask */
  CANTER_LAYER_ADDITIVE = 2 /**< the clip's difference from its own first frame is added */
} canter_layer_mode;

/** Layers a character has. */
#define CANTER_MAX_LAYERS 4

/** A layer over the base motion. */
typedef struct canter_layer_desc {
  uint32_t size; /**< sizeof this struct, set by canter_layer_desc_default() */
  int32_t mode;  /**< canter_layer_mode */
  canter_clip clip;
  canter_mask mask; /**< null: every joint */
  double time_s;    /**< where to start */
  float speed;      /**< -5 to 5 */
  int32_t wrap;     /**< canter_wrap */
  float weight;     /**< 0 to 1; additive -2 to 2 */
  float fade_s;     /**< time to get from the present weight to this one, 0 to 10 */
} canter_layer_desc;

/** Why a character stands still although it should not. */
typedef enum canter_park_reason {
  CANTER_PARK_NONE = 0,
  CANTER_PARK_MISSING_CLIP = 1,     /**< a clip or mask it plays was destroyed */
  CANTER_PARK_FOREIGN_CLIP = 2,     /**< a clip or mask it plays belongs to another skeleton */
  CANTER_PARK_NON_FINITE_POSE = 3,  /**< its pose had a NaN or infinity */
  CANTER_PARK_OUT_OF_SCRATCH = 4,   /**< scratch memory did not suffice */
  CANTER_PARK_MISSING_POLICY = 5,   /**< the policy it performs was destroyed */
  CANTER_PARK_SIMULATION_FAILED = 6 /**< its simulation broke again right after it was put back */
} canter_park_reason;

/** What a character is doing. */
typedef struct canter_character_state {
  uint32_t size; /**< sizeof this struct, set by canter_character_state_default() */
  float speed;
  double time_s;  /**< in its clip */
  int32_t parked; /**< canter_park_reason */
  uint32_t paused;
  canter_transform placement; /**< model to world space */
} canter_character_state;

/** A description with every field at its default. [any-thread] */
CANTER_API canter_character_desc canter_character_desc_default(void) CANTER_NOEXCEPT;
/** A description with every field at its default. [any-thread] */
CANTER_API canter_play_desc canter_play_desc_default(void) CANTER_NOEXCEPT;
/** A description with every field at its default. [any-thread] */
CANTER_API canter_layer_desc canter_layer_desc_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_character_state canter_character_state_default(void) CANTER_NOEXCEPT;

/** Makes a character in its rest pose. [world] */
CANTER_API canter_status canter_character_create(canter_context* context, canter_world world,
                                                 const canter_character_desc* desc,
                                                 canter_character* out) CANTER_NOEXCEPT;

/** Destroys a character. [world] */
CANTER_API canter_status canter_character_destroy(canter_context* context,
                                                  canter_character character) CANTER_NOEXCEPT;

/** Starts a clip. A world takes memory for the table of clips at the first play after a load.
    [world] */
CANTER_API canter_status canter_character_play(canter_context* context, canter_character character,
                                               const canter_play_desc* desc) CANTER_NOEXCEPT;

/** Moves to a time in the present clip. [world] */
CANTER_API canter_status canter_character_seek(canter_context* context, canter_character character,
                                               double time_s) CANTER_NOEXCEPT;

/** -5 to 5; negative plays backwards. [world] */
CANTER_API canter_status canter_character_set_speed(canter_context* context,
                                                    canter_character character,
                                                    float speed) CANTER_NOEXCEPT;

/** Paused (non-zero): the character's time stands still. [world] */
CANTER_API canter_status canter_character_set_paused(canter_context* context,
                                                     canter_character character,
                                                     int32_t paused) CANTER_NOEXCEPT;

/** Model to world space. [world] */
CANTER_API canter_status
canter_character_set_placement(canter_context* context, canter_character character,
                               const canter_transform* placement) CANTER_NOEXCEPT;

/** `root_motion` is a canter_root_motion. [world] */
CANTER_API canter_status canter_character_set_root_motion(canter_context* context,
                                                          canter_character character,
                                                          int32_t root_motion) CANTER_NOEXCEPT;

/** Sets layer `index`, 0 to CANTER_MAX_LAYERS - 1; layers apply in this order. [world] */
CANTER_API canter_status canter_character_set_layer(canter_context* context,
                                                    canter_character character, uint32_t index,
                                                    const canter_layer_desc* desc) CANTER_NOEXCEPT;

/** Lets a parked character try again. [world] */
CANTER_API canter_status canter_character_resume(canter_context* context,
                                                 canter_character character) CANTER_NOEXCEPT;

/** Fills `state`, whose size must be set. [world-read] */
CANTER_API canter_status canter_character_get_state(canter_context* context,
                                                    canter_character character,
                                                    canter_character_state* state) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) column-major 4x4 model-space matrices, one for each joint; *count
    receives the full number (null, 0 just asks). A parked character keeps its last good pose.
    [world-read] */
CANTER_API canter_status canter_character_read_models(canter_context* context,
                                                      canter_character character, float* m16,
                                                      uint32_t capacity,
                                                      uint32_t* count) CANTER_NOEXCEPT;

/** Writes the skinning palette of a mesh: palette[i] = model[joints[i]] * inverse_bind[i].
    @param joints          [num_bones] indices of joints
    @param inverse_bind16  [num_bones] column-major 4x4, mesh space to joint in the bind pose
    @param palette16       [num_bones] column-major 4x4, out
    [world-read] */
CANTER_API canter_status canter_character_read_palette(canter_context* context,
                                                       canter_character character,
                                                       uint32_t num_bones, const uint32_t* joints,
                                                       const float* inverse_bind16,
                                                       float* palette16) CANTER_NOEXCEPT;

/** Writes a snapshot of one character; the rest as canter_world_save(). [world-read] */
CANTER_API canter_status canter_character_save(canter_context* context, canter_character character,
                                               void* buffer, size_t capacity,
                                               size_t* size) CANTER_NOEXCEPT;

/** Puts a character (this one or another of the same skeleton) into a saved state. Any bytes are
    safe to pass. Takes no memory. [world] */
CANTER_API canter_status canter_character_restore(canter_context* context,
                                                  canter_character character, const void* bytes,
                                                  size_t size) CANTER_NOEXCEPT;

/** A sentence for people about a canter_park_reason. Never null. [any-thread] */
CANTER_API const char* canter_park_reason_text(int32_t reason) CANTER_NOEXCEPT;

/* ---- phase ------------------------------------------------------------------------------------
 */

/** Where a motion is in one of its cycles, at one time. */
typedef struct canter_channel_phase {
  float phase;        /**< cycles, 0 to below 1, growing with time */
  float frequency_hz; /**< how fast the phase moves */
  float amplitude;    /**< 0: nothing moves in this channel */
  float offset;
} canter_channel_phase;

/** Channels a phase may have. */
#define CANTER_MAX_PHASE_CHANNELS 16

/** How a phase came about. */
typedef enum canter_phase_mode {
  CANTER_PHASE_MODE_NONE = 0,      /**< no phase, or none yet */
  CANTER_PHASE_MODE_CENTRED = 1,   /**< of a whole clip, whose future is known */
  CANTER_PHASE_MODE_CARRIED = 2,   /**< of a window that ends now, carried on to now */
  CANTER_PHASE_MODE_PAST_ONLY = 3, /**< of a network trained on windows that end now */
  CANTER_PHASE_MODE_FRAME = 4      /**< of one pose and its velocities */
} canter_phase_mode;

/** Where a character's phase comes from. */
typedef enum canter_phase_source {
  CANTER_PHASE_SOURCE_NONE = 0,
  CANTER_PHASE_SOURCE_CLIP = 1, /**< the phases of the clip it plays; no network runs */
  CANTER_PHASE_SOURCE_POSE = 2  /**< a network, from the pose it shows, whatever made it */
} canter_phase_source;

/** The phases of a clip as a whole. */
typedef struct canter_clip_phase_info {
  uint32_t size; /**< sizeof this struct, set by canter_clip_phase_info_default() */
  uint32_t num_frames;
  uint32_t num_channels;
  uint32_t primary; /**< the channel that follows the gait */
  float rate_hz;
  float duration_s;
} canter_clip_phase_info;

/** A foot that comes down. */
typedef struct canter_strike {
  float time_s;
  float phase; /**< of the primary channel then */
} canter_strike;

/** A character's phase as of the last update. */
typedef struct canter_phase_state {
  uint32_t size;         /**< sizeof this struct, set by canter_phase_state_default() */
  int32_t mode;          /**< canter_phase_mode */
  float filled;          /**< share of the network's window that was seen; below 1 it settles */
  uint32_t num_channels; /**< 0: no phase */
  uint32_t primary;      /**< the channel that follows the gait */
  uint32_t has_body_phase;
  float body_phase;  /**< where a simulated character's reference is, cycles */
  uint32_t locked;   /**< 1: it follows another one's phase */
  float phase_error; /**< of the lock: cycles that are missing, -0.5 to 0.5 */
  /** [num_channels] The frame network has one, whose amplitude is its confidence. */
  canter_channel_phase channels[CANTER_MAX_PHASE_CHANNELS];
} canter_phase_state;

/** How a character follows another one's phase. */
typedef struct canter_phase_lock_desc {
  uint32_t size;     /**< sizeof this struct, set by canter_phase_lock_desc_default() */
  float offset;      /**< cycles that the follower is ahead, -1 to 1 */
  float half_life_s; /**< in which half the phase error is gone, 0.05 to 10 */
  float min_speed;   /**< playback speeds to steer with, 0 to 5 */
  float max_speed;
} canter_phase_lock_desc;

/** The time in a clip that a phase led to. */
typedef struct canter_phase_match {
  float time_s;
  float phase_error; /**< cycles by which the primary phase still differs, -0.5 to 0.5 */
  float distance;    /**< of all channels, in their amplitudes' units */
} canter_phase_match;

/** An empty structure with its size set. [any-thread] */
CANTER_API canter_clip_phase_info canter_clip_phase_info_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_phase_state canter_phase_state_default(void) CANTER_NOEXCEPT;
/** A description with every field at its default. [any-thread] */
CANTER_API canter_phase_lock_desc canter_phase_lock_desc_default(void) CANTER_NOEXCEPT;

/** Reads a phase network: a Periodic Autoencoder or a frame network, told apart by their tensors
    (safetensors, .npz, .pt). The bytes may go afterwards. Its memory is the C++ runtime's. [load]
 */
CANTER_API canter_status canter_phase_network_load(canter_context* context, const void* bytes,
                                                   size_t size,
                                                   canter_phase_network* out) CANTER_NOEXCEPT;

/** Ends the handle. Characters that use the network keep it. [load] */
CANTER_API canter_status canter_phase_network_destroy(canter_context* context,
                                                      canter_phase_network network) CANTER_NOEXCEPT;

/** Finds the phases of a whole clip with a Periodic Autoencoder, and when its feet strike. Takes
    some 50 us per frame: not for the thread that draws. `skeleton` is the clip's. Worlds take them
    in with the next canter_character_play() or canter_character_set_phase(). [load] */
CANTER_API canter_status canter_clip_find_phases(canter_context* context, canter_clip clip,
                                                 canter_skeleton skeleton,
                                                 canter_phase_network network) CANTER_NOEXCEPT;

/** The same from the bytes of a `.phase` file, made by `canter phase extract`; without strikes.
    [load] */
CANTER_API canter_status canter_clip_load_phases(canter_context* context, canter_clip clip,
                                                 const void* bytes, size_t size) CANTER_NOEXCEPT;

/** Fills `info`, whose size must be set; all 0 for a clip without phases. [load] */
CANTER_API canter_status canter_clip_get_phase_info(canter_context* context, canter_clip clip,
                                                    canter_clip_phase_info* info) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) phases, [num_frames, num_channels]; *count receives the full number
    (null, 0 just asks). [load] */
CANTER_API canter_status canter_clip_read_phases(canter_context* context, canter_clip clip,
                                                 canter_channel_phase* phases, uint32_t capacity,
                                                 uint32_t* count) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) strikes of a foot, 0 left, 1 right; *count receives the full number
    (null, 0 just asks). [load] */
CANTER_API canter_status canter_clip_read_strikes(canter_context* context, canter_clip clip,
                                                  uint32_t foot, canter_strike* strikes,
                                                  uint32_t capacity,
                                                  uint32_t* count) CANTER_NOEXCEPT;

/** Gives a character a phase, or takes it away. `source` is a canter_phase_source; `network` is for
    CANTER_PHASE_SOURCE_POSE alone. Takes memory. [world] */
CANTER_API canter_status canter_character_set_phase(canter_context* context,
                                                    canter_character character, int32_t source,
                                                    canter_phase_network network) CANTER_NOEXCEPT;

/** Fills `state`, whose size must be set. [world-read] */
CANTER_API canter_status canter_character_get_phase(canter_context* context,
                                                    canter_character character,
                                                    canter_phase_state* state) CANTER_NOEXCEPT;

/** Moves the clip it plays to the time, nearest to now, at which a channel has a phase.
    CANTER_STATUS_INVALID_ARGUMENT: the clip has no phases, no such channel, or never that phase.
    [world] */
CANTER_API canter_status canter_character_scrub_phase(canter_context* context,
                                                      canter_character character, uint32_t channel,
                                                      float phase) CANTER_NOEXCEPT;

/** As canter_character_play(), beginning where the clip's phase is that of the character now;
    desc->time_s is of no account. `match` may be null. [world] */
CANTER_API canter_status canter_character_play_in_phase(canter_context* context,
                                                        canter_character character,
                                                        const canter_play_desc* desc,
                                                        canter_phase_match* match) CANTER_NOEXCEPT;

/** Steers the playback speed of `follower` until its clip's primary phase is that of `leader`, and
    keeps it there. Both must have a phase and be of one world. `desc` may be null for the defaults.
    [world] */
CANTER_API canter_status canter_character_lock_phase(
    canter_context* context, canter_character follower, canter_character leader,
    const canter_phase_lock_desc* desc) CANTER_NOEXCEPT;

/** Gives back the speed that it had. [world] */
CANTER_API canter_status canter_character_unlock_phase(canter_context* context,
                                                       canter_character follower) CANTER_NOEXCEPT;

/* ---- bodies -----------------------------------------------------------------------------------
 *
 * A character with a body is moved by physics: muscles that follow a clip, driven by a policy of
 * `canter mimic train`, or nothing at all (a ragdoll). Everything physical happens in the space of
 * its placement, whose floor is y = 0, at the world's fixed_rate_hz. Joints of a body are those of
 * canter_policy_skeleton(); a character may have any skeleton with enough in common.
 */

/** How a policy is loaded. */
typedef struct canter_policy_desc {
  uint32_t size;      /**< sizeof this struct, set by canter_policy_desc_default() */
  uint32_t num_boxes; /**< that can be thrown at each body, at most 8; each costs time */
  /** What it imitates, where its file does not hold it: the clip it was trained on, of any skeleton
      that fits its body. Null: it is in the file. */
  canter_clip clip;
  canter_skeleton clip_skeleton; /**< of `clip` */
  double rate_hz; /**< physics steps per second, that of the world; 0: as it was trained */
} canter_policy_desc;

/** What there is to know of a policy. */
typedef struct canter_policy_info {
  uint32_t size; /**< sizeof this struct, set by canter_policy_info_default() */
  uint32_t num_joints;
  uint32_t num_observations, num_actions;
  double rate_hz;         /**< physics steps per second */
  double control_rate_hz; /**< actions per second */
  double duration_s;      /**< of its clip */
  uint32_t loops;         /**< 1: its clip does */
  uint32_t num_boxes;
  double mass_kg;
  const char* clip_name; /**< UTF-8, valid as long as the policy */
} canter_policy_info;

/** What moves a character. */
typedef enum canter_body_mode {
  CANTER_BODY_ANIMATED = 0,  /**< its clips */
  CANTER_BODY_SIMULATED = 1, /**< muscles, driven by its policy */
  CANTER_BODY_RAGDOLL = 2    /**< gravity and what pushes it */
} canter_body_mode;

/** What a simulated character does when it fell, strayed or broke. */
typedef enum canter_after_fall {
  CANTER_AFTER_FALL_RESTART = 0, /**< it is put back onto its clip, where that is by now */
  CANTER_AFTER_FALL_RAGDOLL = 1  /**< it goes limp and stays so */
} canter_after_fall;

/** How a character is given a body. */
typedef struct canter_simulate_desc {
  uint32_t size;      /**< sizeof this struct, set by canter_simulate_desc_default() */
  int32_t after_fall; /**< canter_after_fall */
  canter_policy policy;
  double phase; /**< of the clip where it begins, cycles in 0 to 1 */
} canter_simulate_desc;

/** Why a body's last performance ended. */
typedef enum canter_end {
  CANTER_END_NONE = 0,       /**< it never did */
  CANTER_END_FELL = 1,       /**< a part touched the ground that must not */
  CANTER_END_STRAYED = 2,    /**< too far from its clip */
  CANTER_END_FINISHED = 3,   /**< its clip, which does not loop, was over */
  CANTER_END_TIME_LIMIT = 4, /**< never seen here: a limit of training */
  CANTER_END_BROKEN = 5      /**< the simulation failed */
} canter_end;

/** How a body fares. Rewards are of the last action that was finished, 1 being a perfect copy of
    the clip. */
typedef struct canter_body_state {
  uint32_t size;      /**< sizeof this struct, set by canter_body_state_default() */
  int32_t mode;       /**< canter_body_mode */
  double phase;       /**< of its clip, cycles */
  uint64_t touching;  /**< bit j: joint j's link was at the ground in the last physics step */
  uint64_t saturated; /**< bit j: joint j was at its torque limit */
  float reward_paper; /**< as published (Peng et al. 2018) */
  float reward_code;  /**< as in the code released with it */
  /** Their terms, each 0 to 1. */
  float pose, velocity, end_effector, root, com_position, com_velocity;
  float joint_error_rad;  /**< mean over the joints */
  float position_error_m; /**< mean over the links */
  uint32_t num_ends;      /**< times a performance ended */
  int32_t last_end;       /**< canter_end of the last one */
} canter_body_state;

/** Where a body pushed on something, in the space of its placement. */
typedef struct canter_contact {
  float position[3];
  float force_n[3]; /**< on the link of `joint`; the mean over the frame's physics steps */
  int32_t joint;
  int32_t other; /**< the other joint; -1: the ground or a box */
} canter_contact;

/** Contacts that are kept per body. */
#define CANTER_MAX_READ_CONTACTS 16

/** A description with every field at its default. [any-thread] */
CANTER_API canter_policy_desc canter_policy_desc_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_policy_info canter_policy_info_default(void) CANTER_NOEXCEPT;
/** A description with every field at its default. [any-thread] */
CANTER_API canter_simulate_desc canter_simulate_desc_default(void) CANTER_NOEXCEPT;
/** An empty structure with its size set. [any-thread] */
CANTER_API canter_body_state canter_body_state_default(void) CANTER_NOEXCEPT;

/** Reads a policy file of `canter mimic train`. `desc` may be null for the defaults. The bytes may
    go afterwards. Memory of the physics engine does not come from the context's allocator. [load]
 */
CANTER_API canter_status canter_policy_load(canter_context* context, const void* bytes, size_t size,
                                            const canter_policy_desc* desc,
                                            canter_policy* out) CANTER_NOEXCEPT;

/** Ends the handle. Characters that still perform it are parked by their next update.
    [world, of every world] */
CANTER_API canter_status canter_policy_destroy(canter_context* context,
                                               canter_policy policy) CANTER_NOEXCEPT;

/** Fills `info`, whose size must be set. [load] */
CANTER_API canter_status canter_policy_get_info(canter_context* context, canter_policy policy,
                                                canter_policy_info* info) CANTER_NOEXCEPT;

/** Makes a handle of the body's skeleton, for characters without one of their own. [load] */
CANTER_API canter_status canter_policy_skeleton(canter_context* context, canter_policy policy,
                                                canter_skeleton* out) CANTER_NOEXCEPT;

/** Gives a character a body that performs a policy, in place of clips. Takes memory. Invalid
    arguments: a policy of another rate than the world's, a skeleton with too little in common.
    [world] */
CANTER_API canter_status
canter_character_simulate(canter_context* context, canter_character character,
                          const canter_simulate_desc* desc) CANTER_NOEXCEPT;

/** Changes what moves a character with a body; `mode` is a canter_body_mode. From animated a body
    begins at its clip's beginning, from ragdoll to simulated where the clip would be. With fade_s
    above 0 (to 10) the pose, layers included, glides there, clip and body meet over the same place
    of the floor and face the same way, for which the placement moves and turns, and where the
    animated clip is as long as the policy's, both are at the same phase. This function and the next
    ones are invalid for a character that was never simulated. [world] */
CANTER_API canter_status canter_character_set_body_mode(canter_context* context,
                                                        canter_character character, int32_t mode,
                                                        float fade_s) CANTER_NOEXCEPT;

/** Puts the body onto its clip at a phase, 0 to 1, over the same place of the floor. Ends parking.
    [world] */
CANTER_API canter_status canter_character_restart(canter_context* context,
                                                  canter_character character,
                                                  double phase) CANTER_NOEXCEPT;

/** Pushes the link of a joint of the body with a constant force for a while.
    @param force_n  [3] in the space of the placement
    [world] */
CANTER_API canter_status canter_character_push(canter_context* context, canter_character character,
                                               uint32_t joint, const float* force_n,
                                               double duration_s) CANTER_NOEXCEPT;

/** Throws a cube of 0.2 m and 0.8 kg at the body.
    @param box         below canter_policy_desc::num_boxes
    @param position    [3] metres, in the space of the placement
    @param velocity    [3] m/s
    [world] */
CANTER_API canter_status canter_character_throw_box(canter_context* context,
                                                    canter_character character, uint32_t box,
                                                    const float* position,
                                                    const float* velocity) CANTER_NOEXCEPT;

/** Fills `state`, whose size must be set. [world-read] */
CANTER_API canter_status canter_character_get_body_state(canter_context* context,
                                                         canter_character character,
                                                         canter_body_state* state) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) contacts of the last frame with a physics step; *count receives
    the full number (null, 0 just asks). [world-read] */
CANTER_API canter_status canter_character_read_contacts(canter_context* context,
                                                        canter_character character,
                                                        canter_contact* contacts, uint32_t capacity,
                                                        uint32_t* count) CANTER_NOEXCEPT;

/** Writes min(*count, capacity) column-major 4x4 matrices: the boxes that were thrown at the body,
   as the last update shows them, in the space of its placement. *count receives how many there are
    (null, 0 just asks). They go when the body is put back onto its clip. [world-read] */
CANTER_API canter_status canter_character_read_boxes(canter_context* context,
                                                     canter_character character, float* m16,
                                                     uint32_t capacity,
                                                     uint32_t* count) CANTER_NOEXCEPT;

/** Writes what the body imitates, now, as canter_character_read_models() writes what it does.
    [world] */
CANTER_API canter_status canter_character_read_reference(canter_context* context,
                                                         canter_character character, float* m16,
                                                         uint32_t capacity,
                                                         uint32_t* count) CANTER_NOEXCEPT;

/** A sentence for people about a canter_end. Never null. [any-thread] */
CANTER_API const char* canter_end_text(int32_t end) CANTER_NOEXCEPT;

/* ---- layout check -----------------------------------------------------------------------------
 */

/** Sizes of the structures as the caller was compiled; filled by CANTER_CHECK_LAYOUT(). */
typedef struct canter_layout {
  uint32_t version;
  uint32_t context_desc, world_desc, character_desc, play_desc, layer_desc;
  uint32_t clip_info, update_report, stage_latency, character_state;
  uint32_t transform, character, handle;
  uint32_t policy_desc, policy_info, simulate_desc, body_state, contact;
} canter_layout;

/** Whether a program compiled with these sizes can use this library. [any-thread] */
CANTER_API canter_status canter_check_layout(const canter_layout* layout) CANTER_NOEXCEPT;

/** The sizes as this header has them. [any-thread] */
static inline canter_layout canter_layout_of_header(void) {
  canter_layout layout;
  layout.version = CANTER_VERSION;
  layout.context_desc = (uint32_t)sizeof(canter_context_desc);
  layout.world_desc = (uint32_t)sizeof(canter_world_desc);
  layout.character_desc = (uint32_t)sizeof(canter_character_desc);
  layout.play_desc = (uint32_t)sizeof(canter_play_desc);
  layout.layer_desc = (uint32_t)sizeof(canter_layer_desc);
  layout.clip_info = (uint32_t)sizeof(canter_clip_info);
  layout.update_report = (uint32_t)sizeof(canter_update_report);
  layout.stage_latency = (uint32_t)sizeof(canter_stage_latency);
  layout.character_state = (uint32_t)sizeof(canter_character_state);
  layout.transform = (uint32_t)sizeof(canter_transform);
  layout.character = (uint32_t)sizeof(canter_character);
  layout.handle = (uint32_t)sizeof(canter_skeleton);
  layout.policy_desc = (uint32_t)sizeof(canter_policy_desc);
  layout.policy_info = (uint32_t)sizeof(canter_policy_info);
  layout.simulate_desc = (uint32_t)sizeof(canter_simulate_desc);
  layout.body_state = (uint32_t)sizeof(canter_body_state);
  layout.contact = (uint32_t)sizeof(canter_contact);
  return layout;
}

#ifdef __cplusplus
}
#endif

#endif
