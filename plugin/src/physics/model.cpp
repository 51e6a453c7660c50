#include "canter/physics/model.h"

#include <cmath>

#include "physics/engine.h"
#include "physics/load_engine.h"
#include "physics/mjcf.h"
#include "physics/model_data.h"

namespace canter::physics {

using detail::DriveJoint;
using detail::EngineText;
using detail::ModelData;

struct ModelAccess {
  static Model make(std::shared_ptr<const ModelData> data) {
    Model model;
    model.data_ = std::move(data);
    return model;
  }
};

namespace {

Error refuse(const std::string& what) {
  return {ErrorCode::bad_value, "physics: " + what};
}

Result<void> validate(const Ground& ground) {
  if (!(ground.friction >= 0.0f && ground.friction <= 10.0f))
    return refuse("friction " + std::to_string(ground.friction) + "; expected 0 to 10");
  if (!(std::abs(ground.slope_rad) < 1.0f))
    return refuse("slope " + std::to_string(ground.slope_rad) + " rad; expected -1 to 1");
  if (ground.num_steps < 0 || ground.num_steps > 32)
    return refuse(std::to_string(ground.num_steps) + " stair steps; expected 0 to 32");
  if (ground.num_steps == 0) return {};
  if (ground.slope_rad != 0.0f) return refuse("stairs stand on level ground; the slope must be 0");
  if (!(ground.step_rise_m > 0.0f && ground.step_rise_m < 10.0f) ||
      !(ground.step_run_m > 0.0f && ground.step_run_m < 10.0f) ||
      !(std::abs(ground.step_start_m) < 1000.0f))
    return refuse("stair steps need a rise and a run of 0 to 10 m and a start within 1000 m");
  return {};
}

Result<void> validate(const ModelOptions& options) {
  if (!(options.rate_hz >= 30.0 && options.rate_hz <= 10000.0))
    return refuse("rate " + std::to_string(options.rate_hz) + " Hz; expected 30 to 10000");
  if (!(options.contact_time_s >= 2.0 / options.rate_hz - 1e-12 && options.contact_time_s < 1.0))
    return refuse("contact time " + std::to_string(options.contact_time_s) +
                  " s; expected at least two steps, " + std::to_string(2.0 / options.rate_hz) +
                  " s");
  if (!(options.gravity_m_s2 >= 0.0 && options.gravity_m_s2 <= 100.0))
    return refuse("gravity " + std::to_string(options.gravity_m_s2) + " m/s²; expected 0 to 100");
  if (options.num_boxes < 0 || options.num_boxes > kMaxBoxes)
    return refuse(std::to_string(options.num_boxes) + " boxes; expected 0 to 8");
  return validate(options.ground);
}

JointIndex index_of(const mjModel& engine, const BodyJoint& joint) {
  JointIndex index;
  index.type = joint.type;
  index.parent = joint.parent;
  const int id = mj_name2id(&engine, mjOBJ_JOINT, joint.name.c_str());
  if (id < 0) return index;
  index.position = engine.jnt_qposadr[id];
  index.velocity = engine.jnt_dofadr[id];
  return index;
}

// The drive of a joint. Its armature joins the mass matrix, so that contacts feel the drive too.
void add_drive(ModelData& data, std::size_t j) {
  const BodyJoint& joint = data.body.joints[j];
  if (joint.type != JointType::ball && joint.type != JointType::hinge) return;
  const double h = 1.0 / data.options.rate_hz;
  DriveJoint drive;
  drive.type = joint.type;
  drive.joint = static_cast<int>(j);
  drive.position = data.joints[j].position;
  drive.velocity = data.joints[j].velocity;
  drive.num_dofs = joint.type == JointType::ball ? 3 : 1;
  drive.kp = static_cast<double>(joint.kp_nm_per_rad);
  drive.kd = static_cast<double>(joint.kd_nm_s_per_rad);
  drive.armature = h * drive.kd + h * h * drive.kp;
  drive.torque_limit = static_cast<double>(joint.torque_limit_nm);
  for (int k = 0; k < drive.num_dofs; ++k)
    data.engine->dof_armature[drive.velocity + k] = drive.armature;
  data.drives.push_back(drive);
}

// What every geometry of the engine belongs to.
std::vector<int> geom_owners(const mjModel& engine, const BodyDesc& body) {
  std::vector<int> owners;
  for (int g = 0; g < engine.ngeom; ++g) {
    if (engine.geom_bodyid[g] == 0) {
      owners.push_back(detail::kGround);
      continue;
    }
    const char* name = mj_id2name(&engine, mjOBJ_GEOM, g);
    const int joint = find_joint(body, name);
    owners.push_back(joint >= 0 ? joint : detail::kBox);
  }
  return owners;
}

void describe_joints(ModelData& data) {
  const mjModel& engine = *data.engine;
  for (std::size_t j = 0; j < data.body.joints.size(); ++j) {
    const BodyJoint& joint = data.body.joints[j];
    data.joints.push_back(index_of(engine, joint));
    data.engine_body.push_back(mj_name2id(&engine, mjOBJ_BODY, joint.name.c_str()));
    data.masses.push_back(static_cast<double>(joint.mass_kg));
    data.mass += data.masses.back();
    add_drive(data, j);
  }
  data.geom_owner = geom_owners(engine, data.body);
  data.num_body_positions = engine.nq - 7 * data.options.num_boxes;
  data.num_body_velocities = engine.nv - 6 * data.options.num_boxes;
}

// Quantities the engine derives from the armature when it compiles: inverse weights, which set how
// soft contacts are.
bool derive_constants(mjModel& engine) {
  EngineText text{};
  return detail::guarded(
      [&] {
        mjData* scratch = mj_makeData(&engine);
        mj_setConst(&engine, scratch);
        mj_deleteData(scratch);
      },
      text);
}

}  // namespace

ModelOptions quality_options() {
  ModelOptions options;
  options.rate_hz = 240.0;
  options.contact_time_s = 0.01;
  return options;
}

Result<Model> make_model(const BodyDesc& body, const ModelOptions& options) {
  if (const Result<void> valid = validate(body); !valid) return valid.error();
  if (const Result<void> valid = validate(options); !valid) return valid.error();
  auto data = std::make_shared<ModelData>();
  data->body = body;
  data->options = options;
  auto engine = detail::load_engine(detail::write_mjcf(body, options));
  if (!engine) return refuse("the engine refuses the body: " + engine.error().message);
  data->engine = std::move(*engine);
  describe_joints(*data);
  if (!derive_constants(*data->engine)) return refuse("the engine refuses the body's masses");
  const double slope = static_cast<double>(options.ground.slope_rad);
  data->ground_normal = {-std::sin(slope), std::cos(slope), 0.0};
  return ModelAccess::make(std::move(data));
}

const BodyDesc& Model::body() const {
  return data_->body;
}
const ModelOptions& Model::options() const {
  return data_->options;
}
int Model::num_joints() const {
  return static_cast<int>(data_->joints.size());
}
std::span<const JointIndex> Model::joints() const {
  return data_->joints;
}
int Model::num_positions() const {
  return data_->engine->nq;
}
int Model::num_velocities() const {
  return data_->engine->nv;
}
int Model::num_body_positions() const {
  return data_->num_body_positions;
}
int Model::num_body_velocities() const {
  return data_->num_body_velocities;
}
double Model::step_s() const {
  return data_->engine->opt.timestep;
}
double Model::mass_kg() const {
  return data_->mass;
}

double Model::ground_height(double x_m, double z_m) const {
  const Ground& ground = data_->options.ground;
  const double plane = x_m * std::tan(static_cast<double>(ground.slope_rad));
  if (ground.num_steps == 0 || std::abs(z_m) > 5.0) return plane;
  const double past =
      (x_m - static_cast<double>(ground.step_start_m)) / static_cast<double>(ground.step_run_m);
  if (past < 0.0 || past > ground.num_steps + 10.0 / static_cast<double>(ground.step_run_m))
    return plane;
  const int step = std::min(static_cast<int>(past) + 1, ground.num_steps);
  return step * static_cast<double>(ground.step_rise_m);
}

}  // namespace canter::physics
