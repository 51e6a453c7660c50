// Worlds: creation, update, latency, snapshots, masks.
#include "capi/context.h"
#include "capi/snapshot.h"

using namespace canter;
using namespace canter::capi;

namespace {

using For = WorldUse::For;

// Of the structure's first version.
constexpr std::size_t kFirstReportSize = 4 * sizeof(std::uint32_t);

// Far above any scene, far below what could exhaust memory by a slip of the pen.
constexpr std::uint32_t kMaxCharacters = 1000000;
constexpr std::uint32_t kMaxWorkers = 256;
constexpr std::uint32_t kMaxHistory = 1000000;
constexpr double kMaxFixedRate_hz = 10000.0;

void check(const canter_world_desc& desc) {
  require_argument(desc.max_characters >= 1 && desc.max_characters <= kMaxCharacters,
                   "max_characters is not in 1 to 1000000");
  require_argument(desc.max_workers >= 1 && desc.max_workers <= kMaxWorkers,
                   "max_workers is not in 1 to 256");
  require_argument(desc.max_transitions >= -1 &&
                       desc.max_transitions <= static_cast<std::int32_t>(kMaxCharacters),
                   "max_transitions is not in -1 to 1000000");
  require_argument(desc.latency_history >= 1 && desc.latency_history <= kMaxHistory,
                   "latency_history is not in 1 to 1000000");
  require_argument(desc.fixed_rate_hz >= 1.0 && desc.fixed_rate_hz <= kMaxFixedRate_hz,
                   "fixed_rate_hz is not in 1 to 10000");
}

// Levels of both sides count alike.
static_assert(CANTER_LOG_ERROR == static_cast<int>(LogLevel::error));

Log log_of(canter_context& context) {
  Log log;
  if (context.log.write == nullptr) return log;
  log.user = &context.log;
  log.write = [](void* user, LogLevel level, const char* message) {
    const canter_log& to = *static_cast<const canter_log*>(user);
    to.write(to.user, static_cast<canter_log_level>(level), message);
  };
  return log;
}

}  // namespace

extern "C" {

canter_world_desc canter_world_desc_default(void) noexcept {
  const WorldDesc defaults;
  canter_world_desc desc{};
  desc.size = sizeof desc;
  desc.max_characters = static_cast<std::uint32_t>(defaults.max_characters);
  desc.max_workers = static_cast<std::uint32_t>(defaults.max_workers);
  desc.max_transitions = defaults.max_transitions;
  desc.latency_history = static_cast<std::uint32_t>(defaults.trace_history);
  desc.fixed_rate_hz = defaults.fixed_rate_hz;
  return desc;
}

canter_update_report canter_update_report_default(void) noexcept {
  canter_update_report report{};
  report.size = sizeof report;
  return report;
}

canter_stage_latency canter_stage_latency_default(void) noexcept {
  canter_stage_latency latency{};
  latency.size = sizeof latency;
  return latency;
}

canter_status canter_world_create(canter_context* context, const canter_world_desc* desc,
                                  canter_world* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    const canter_world_desc defaults = canter_world_desc_default();
    const canter_world_desc full = desc == nullptr ? defaults : read_desc(desc, defaults);
    check(full);
    WorldDesc d;
    d.max_characters = static_cast<int>(full.max_characters);
    d.max_workers = static_cast<int>(full.max_workers);
    d.max_transitions = static_cast<int>(full.max_transitions);
    d.trace_history = static_cast<int>(full.latency_history);
    d.fixed_rate_hz = full.fixed_rate_hz;
    d.jobs = c.jobs;
    d.log = log_of(c);
    d.memory = &c.memory;
    auto entry = std::allocate_shared<WorldEntry>(std::pmr::polymorphic_allocator<>(&c.memory), d);
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_world>(c.worlds.add(std::move(entry)));
  });
}

canter_status canter_world_destroy(canter_context* context, canter_world world) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, world, For::writing);
    const std::lock_guard lock(c.mutex);
    c.worlds.remove(id_of<WorldId>(world));
  });
}

canter_status canter_world_update(canter_context* context, canter_world world, double dt_s,
                                  canter_update_report* report) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(dt_s >= 0.0 && dt_s <= 1e6, "dt_s is negative, not finite or absurdly large");
    const WorldUse use(c, world, For::writing);
    if (report != nullptr) write_out(report, canter_update_report_default(), kFirstReportSize);
    const StepReport done = step(*use, dt_s);
    if (report == nullptr) return;
    canter_update_report full = canter_update_report_default();
    full.num_updated = static_cast<std::uint32_t>(done.num_stepped);
    full.num_parked = static_cast<std::uint32_t>(done.num_parked);
    full.newly_parked = static_cast<std::uint32_t>(done.newly_parked);
    full.num_simulated = static_cast<std::uint32_t>(done.num_simulated);
    full.num_ended = static_cast<std::uint32_t>(done.num_ended);
    write_out(report, full, kFirstReportSize);
  });
}

canter_status canter_world_num_stages(canter_context* context, canter_world world,
                                      uint32_t* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    const WorldUse use(c, world, For::reading);
    *out = static_cast<std::uint32_t>(use->trace().num_stages());
  });
}

canter_status canter_world_latency(canter_context* context, canter_world world, uint32_t stage,
                                   canter_stage_latency* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    // Writing: the statistics sort in scratch memory of the trace.
    const WorldUse use(c, world, For::writing);
    const Trace& trace = use->trace();
    const auto num_stages = static_cast<std::uint32_t>(trace.num_stages());
    require_argument(stage <= num_stages, "there is no stage of this index");
    const bool sum = stage == num_stages;
    const Trace::Stats stats = trace.stats(sum ? -1 : static_cast<int>(stage));
    canter_stage_latency full = canter_stage_latency_default();
    full.num_frames = static_cast<std::uint32_t>(trace.num_kept());
    full.name = sum ? "total" : trace.stage_name(static_cast<int>(stage));
    full.p50_us = stats.p50_us;
    full.p95_us = stats.p95_us;
    full.p99_us = stats.p99_us;
    full.max_us = stats.max_us;
    write_out(out, full);
  });
}

canter_status canter_world_save(canter_context* context, canter_world world, void* buffer,
                                size_t capacity, size_t* size) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, world, For::reading);
    save_to(buffer, capacity, size, snapshot_size(*use),
            [&](std::span<std::byte> out) { return save(*use, out); });
  });
}

canter_status canter_world_restore(canter_context* context, canter_world world, const void* bytes,
                                   size_t size) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, world, For::writing);
    take(restore(*use, snapshot_bytes(bytes, size)), CANTER_STATUS_BAD_DATA);
  });
}

canter_status canter_mask_create(canter_context* context, canter_world world,
                                 canter_skeleton skeleton, const float* weights, uint32_t count,
                                 canter_mask* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    require_argument(weights != nullptr || count == 0, "the weights are null");
    const auto of = find(c, skeleton);
    const WorldUse use(c, world, For::writing);
    *out = handle_of<canter_mask>(
        take(use->add_mask(*of, {weights, count}), CANTER_STATUS_INVALID_ARGUMENT));
  });
}

canter_status canter_mask_destroy(canter_context* context, canter_world world,
                                  canter_mask mask) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, world, For::writing);
    if (!use->remove_mask(id_of<MaskId>(mask)))
      refuse(CANTER_STATUS_INVALID_HANDLE, "the handle of the mask is null or stale");
  });
}

}  // extern "C"
