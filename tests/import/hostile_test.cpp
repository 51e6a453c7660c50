// Damaged files of the formats with binary or nested content: always a message, never a crash.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "canter/import/import.h"
#include "canter/import/write_glb.h"
#include "import/assimp_guard.h"
#include "import_support.h"
#include "test_data.h"

using namespace canter;
using Json = nlohmann::json;

namespace {

using Bytes = std::vector<std::byte>;

// Loads, and checks that a refusal names the file and says something.
bool loads(std::span<const std::byte> bytes, const std::string& name) {
  const auto scene = importer::load(bytes, name);
  if (scene.ok()) return true;
  CHECK(scene.error().message.find(name) == 0);
  CHECK(scene.error().message.size() > name.size() + 8);
  return false;
}

struct Victim {
  const char* path;
  int flips;
};

// A few hundred loads in all; large files are damaged less often.
constexpr Victim kVictims[] = {{"CesiumMan.glb", 150},
                               {"SimpleSkin.gltf", 400},
                               {"greenman.glb", 150},
                               {"fbx_reference/maya_game_sausage_7500_binary_wiggle.fbx", 200},
                               {"fbx_reference/maya_game_sausage_7500_ascii_combined.fbx", 100},
                               {"pab_skeleton.dae", 60}};

// A triangle on two joints, with a clip: what the tests below spoil one piece at a time.
Bytes small_glb() {
  SkeletonDesc desc;
  desc.joints = {{"root", -1, {}}, {"tip", 0, {kIdentityRotation, Vec3(0, 1, 0), Vec3(1.0f)}}};
  const auto skeleton = make_skeleton(desc);
  SkinnedMesh mesh;
  mesh.materials.push_back({"skin", Vec4(1.0f), -1});
  mesh.bones = {{0, Mat4(1.0f)}, {1, Mat4(1.0f)}};
  mesh.vertices.resize(3);
  mesh.vertices[1].position = Vec3(1, 0, 0);
  mesh.vertices[2].position = Vec3(0, 1, 0);
  mesh.vertices[2].bones = {1, 0, 0, 0};
  mesh.indices = {0, 1, 2};
  mesh.parts = {{"triangle", 0, 3, 0}};
  RawClip clip;
  clip.name = "wave";
  clip.num_joints = 2;
  for (int f = 0; f < 4; ++f) {
    clip.keys.push_back({exp_rotation(Vec3(0, 0.1f * static_cast<float>(f), 0)), {}, Vec3(1.0f)});
    clip.keys.push_back(desc.joints[1].rest);
  }
  auto bytes = importer::write_glb(*skeleton, &mesh, {&clip, 1});
  REQUIRE(bytes.ok());
  return *bytes;
}

// The same file with its JSON changed.
Bytes with_json(const Bytes& glb, const std::function<void(Json&)>& change) {
  std::uint32_t length = 0;
  std::memcpy(&length, glb.data() + 12, 4);
  const auto* text = reinterpret_cast<const char*>(glb.data()) + 20;
  Json json = Json::parse(text, text + length);
  change(json);
  std::string changed = json.dump();
  changed.resize((changed.size() + 3) / 4 * 4, ' ');
  Bytes out(20 + changed.size());
  std::memcpy(out.data(), glb.data(), 20);
  std::memcpy(out.data() + 20, changed.data(), changed.size());
  out.insert(out.end(), glb.begin() + 20 + length, glb.end());
  const auto json_length = static_cast<std::uint32_t>(changed.size());
  const auto total = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data() + 12, &json_length, 4);
  std::memcpy(out.data() + 8, &total, 4);
  return out;
}

std::string message_of(const Bytes& bytes) {
  const auto scene = importer::load(bytes, "bad.glb");
  return scene.ok() ? "loaded" : scene.error().message;
}

}  // namespace

TEST_CASE("cut-off files are refused at every length") {
  for (const Victim& victim : kVictims) {
    const auto path = test::shared_data(std::string("characters/") + victim.path);
    if (!path) return;
    CAPTURE(victim.path);
    const Bytes whole = test::read_file(*path);
    for (std::size_t i = 0; i < 64; ++i) {
      const std::size_t length = i < 32 ? i : whole.size() * (i - 31) / 34;
      CAPTURE(length);
      CHECK_FALSE(loads(std::span(whole).first(length), path->filename().string()));
    }
  }
}

TEST_CASE("files with flipped bits load or are refused") {
  constexpr unsigned kSeed = 20221124;
  for (const Victim& victim : kVictims) {
    const auto path = test::shared_data(std::string("characters/") + victim.path);
    if (!path) return;
    CAPTURE(victim.path);
    const Bytes whole = test::read_file(*path);
    std::mt19937 random(kSeed);
    int loaded = 0;
    for (int i = 0; i < victim.flips; ++i) {
      Bytes damaged = whole;
      const unsigned flips = 1 + random() % 8;
      for (unsigned k = 0; k < flips; ++k) {
        // Every other flip near the start, where most of the structure is.
        const std::size_t reach =
            random() % 2 == 0 ? whole.size() : std::min<std::size_t>(whole.size(), 20000);
        damaged[random() % reach] ^= static_cast<std::byte>(1u << random() % 8);
      }
      loaded += loads(damaged, path->filename().string()) ? 1 : 0;
    }
    // Damage of both kinds was met: some flips hit numbers, some structure.
    CHECK(loaded > 0);
    CHECK(loaded < victim.flips);
  }
}

TEST_CASE("each wrong piece of a glTF is named") {
  const Bytes good = small_glb();
  REQUIRE(importer::load(good, "good.glb").ok());
  struct Case {
    const char* what;
    std::function<void(Json&)> change;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"version 1", [](Json& j) { j["asset"]["version"] = "1.0"; }, "asset.version: found '1.0'"},
      {"no asset", [](Json& j) { j.erase("asset"); }, "asset.version"},
      {"needs Draco", [](Json& j) { j["extensionsRequired"] = {"KHR_draco_mesh_compression"}; },
       "KHR_draco_mesh_compression"},
      {"nodes no list", [](Json& j) { j["nodes"] = 3; }, "nodes is not an array"},
      {"child out of range", [](Json& j) { j["nodes"][0]["children"] = {77}; }, "found 77"},
      {"nested child", [](Json& j) { j["nodes"][0]["children"] = {Json::array()}; }, "found array"},
      {"own parent", [](Json& j) { j["nodes"][1]["children"] = {1}; }, "is a child of"},
      {"cycle",
       [](Json& j) {
         j["nodes"][0].erase("children");
         j["nodes"].push_back({{"children", {4}}});
         j["nodes"].push_back({{"children", {3}}});
       },
       "cycle"},
      {"two parents", [](Json& j) { j["nodes"][2]["children"] = {1}; }, "is a child of"},
      {"rotation of three",
       [](Json& j) {
         j["nodes"][0]["rotation"] = {0, 0, 1};
       },
       "nodes[0].rotation is not an array of 4"},
      {"huge number",
       [](Json& j) {
         j["nodes"][0]["translation"] = {1e300, 0, 0};
       },
       "nodes[0].translation[0]"},
      {"accessor count", [](Json& j) { j["accessors"][0]["count"] = 4000000000u; },
       "accessors[0]: 4000000000 elements"},
      {"negative count", [](Json& j) { j["accessors"][0]["count"] = -1; }, "accessors[0].count"},
      {"view beyond buffer", [](Json& j) { j["bufferViews"][0]["byteLength"] = 100000; },
       "bufferViews[0]"},
      {"view offset", [](Json& j) { j["bufferViews"][0]["byteOffset"] = 4294967295u; },
       "bufferViews[0]"},
      {"stride too small", [](Json& j) { j["bufferViews"][0]["byteStride"] = 4; }, "stride of 4"},
      {"buffer beyond file", [](Json& j) { j["buffers"][0]["byteLength"] = 1 << 20; },
       "buffers[0]: byteLength"},
      {"component type", [](Json& j) { j["accessors"][0]["componentType"] = 5; },
       "componentType: found 5"},
      {"wrong vector", [](Json& j) { j["accessors"][0]["type"] = "VEC2"; },
       "accessors[0].type: found 'VEC2'"},
      {"zeros without bytes",
       [](Json& j) {
         j["accessors"][0].erase("bufferView");
         j["accessors"][0]["count"] = 4000000000u;
       },
       "without bytes"},
      {"skin joint", [](Json& j) { j["skins"][0]["joints"][0] = 99; }, "skins[0].joints: found 99"},
      {"skin without joints", [](Json& j) { j["skins"][0]["joints"] = Json::array(); },
       "skins[0] has no joints"},
      {"skin of one joint", [](Json& j) { j["skins"][0]["joints"] = {0}; },
       "a vertex names joint 1 of a skin of 1"},
      {"mesh index", [](Json& j) { j["nodes"][2]["mesh"] = 5; }, "nodes[2].mesh: found 5"},
      {"positions missing for normals",
       [](Json& j) {
         Json& attributes = j["meshes"][0]["primitives"][0]["attributes"];
         attributes["NORMAL"] = j["accessors"].size();
         j["accessors"].push_back(j["accessors"][attributes["POSITION"].get<std::size_t>()]);
         j["accessors"].back()["count"] = 2;
       },
       "NORMAL: 2 elements for 3 positions"},
      {"material", [](Json& j) { j["meshes"][0]["primitives"][0]["material"] = 9; },
       "material: found 9"},
      {"interpolation",
       [](Json& j) { j["animations"][0]["samplers"][0]["interpolation"] = "BEZIER"; }, "BEZIER"},
      {"cubic without tangents",
       [](Json& j) { j["animations"][0]["samplers"][0]["interpolation"] = "CUBICSPLINE"; },
       "expected 3 per key"},
      {"sampler", [](Json& j) { j["animations"][0]["channels"][0]["sampler"] = 4; },
       "sampler does not exist"},
      {"target", [](Json& j) { j["animations"][0]["channels"][0].erase("target"); },
       "has no target"},
      {"scale of zero at rest and everything else",
       [](Json& j) {
         j["nodes"][0]["scale"] = {0, 0, 0};
       },
       "loaded"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const std::string message = message_of(with_json(good, c.change));
    CHECK_MESSAGE(message.find(c.expected) != std::string::npos, message);
  }
}

TEST_CASE("a few keys hours apart do not become gigabytes") {
  // The clip's key times are the only ascending run of its frame times in the binary part.
  Bytes glb = small_glb();
  const float times[] = {0.0f, 1.0f / 30.0f, 2.0f / 30.0f, 3.0f / 30.0f};
  const auto* pattern = reinterpret_cast<const std::byte*>(times);
  const auto found = std::search(glb.begin(), glb.end(), pattern, pattern + sizeof times);
  REQUIRE(found != glb.end());
  const auto last = static_cast<std::size_t>(found - glb.begin()) + 3 * sizeof(float);
  const auto with_last_key = [&](float time_s) {
    std::memcpy(glb.data() + last, &time_s, sizeof time_s);
    return message_of(glb);
  };
  CHECK(with_last_key(600.0f) == "loaded");
  CHECK(with_last_key(20000.0f).find("frames times joints") != std::string::npos);
  CHECK(with_last_key(1e30f).find("lasts") != std::string::npos);
  CHECK(with_last_key(0.01f).find("ascending") != std::string::npos);
}

TEST_CASE("JSON nested a million deep is no trouble") {
  std::string text = "{\"asset\": {\"version\": \"2.0\"}, \"nodes\": ";
  text.append(1000000, '[').append(1000000, ']').append("}");
  CHECK_FALSE(loads(test::bytes_of(text), "deep.gltf"));
}

TEST_CASE("what assimp would trust is checked before it reads") {
  using namespace importer::detail;
  const auto collada = [](const std::string& body) {
    return "<?xml version=\"1.0\"?><COLLADA>" + body + "</COLLADA>";
  };
  CHECK(check_collada(test::bytes_of(collada("<asset/>"))).ok());
  const auto refused = [&](const std::string& text, const char* expected) {
    const auto checked = check_collada(test::bytes_of(text));
    REQUIRE_FALSE(checked.ok());
    CHECK_MESSAGE(checked.error().message.find(expected) != std::string::npos,
                  checked.error().message);
  };
  refused(collada("<float_array count=\"99999999\">1</float_array>"), "count=\"99999999\"");
  refused(collada("<node></COLLADA>"), "closes");
  refused(collada("<node id=\"a\"><instance_node url=\"#b\"/></node>"
                  "<node id=\"b\"><instance_node url=\"#a\"/></node>"),
          "contains itself");
  std::string many;
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1);
    many += "<node id=\"n" + std::to_string(i) + "\"><instance_node url=\"#n" + next +
            "\"/><instance_node url=\"#n" + next + "\"/></node>";
  }
  refused(collada(many + "<node id=\"n40\"/>"), "unfold");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "<node>";
  refused(collada(deep), "deeper");
  refused("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><COLLADA/>", "document type");
  refused(collada("<!-- never closed"), "expected -->");
  refused("no tags at all", "no XML");

  const auto ascii_refused = [&](const std::string& text, const char* expected) {
    const auto checked = check_ascii_fbx(test::bytes_of(text));
    REQUIRE_FALSE(checked.ok());
    CHECK_MESSAGE(checked.error().message.find(expected) != std::string::npos,
                  checked.error().message);
  };
  CHECK(check_ascii_fbx(test::bytes_of("; FBX\nA: *2 {\n a: 1,2\n}\n")).ok());
  ascii_refused("; FBX\nVertices: *4000000000 {\n a: 1\n}\n", "line 2");
  ascii_refused("A: {\n B: {\n}\n", "not closed");
  ascii_refused("}\n", "without its opening");
  ascii_refused(std::string(400, '{'), "deeper");
  ascii_refused("A: \"text", "string without");
  // assimp would turn this into millions of keys.
  ascii_refused("KeyValueFloat: *3 {\n a: 0,-2147483648,1\n}\n", "line 2: animation curves");
  ascii_refused("KeyValueFloat: *2 {\n a: 1e999,0\n}\n", "animation curves");
  CHECK(check_ascii_fbx(test::bytes_of("KeyValueFloat: *3 {\n a: 0,-7200.5, 1\n}\n")).ok());

  // The first array of a real binary file, made to announce four billion elements.
  const auto path =
      test::shared_data("characters/fbx_reference/maya_game_sausage_7500_binary_wiggle.fbx");
  if (!path) return;
  Bytes fbx = test::read_file(*path);
  CHECK(check_binary_fbx(fbx).ok());
  const char name[] = "PolygonVertexIndexi";
  const auto found = std::search(fbx.begin(), fbx.end(), reinterpret_cast<const std::byte*>(name),
                                 reinterpret_cast<const std::byte*>(name) + sizeof name - 1);
  REQUIRE(found != fbx.end());
  const auto count = static_cast<std::size_t>(found - fbx.begin()) + sizeof name - 1;
  const std::uint32_t absurd = 0xfffffff0u;
  std::memcpy(fbx.data() + count, &absurd, sizeof absurd);
  const auto checked = check_binary_fbx(fbx);
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().message.find("byte " + std::to_string(count)) != std::string::npos);
}
