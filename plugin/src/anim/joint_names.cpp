#include "anim/joint_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

namespace canter::detail {
namespace {

bool is_alpha(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_upper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Splits at separators, camel humps ("LHipJoint": L, Hip, Joint) and digits; lower case.
std::vector<std::string> tokens_of(std::string_view name) {
  const std::size_t space = name.find_last_of(":|");
  if (space != std::string_view::npos && space + 1 < name.size()) name.remove_prefix(space + 1);
  std::vector<std::string> tokens;
  bool open = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_alpha(c) && !is_digit(c)) {
      open = false;
      continue;
    }
    const bool hump = i > 0 && is_upper(c) &&
                      (!is_upper(name[i - 1]) ||
                       (i + 1 < name.size() && is_alpha(name[i + 1]) && !is_upper(name[i + 1])));
    const bool kind_changes = i > 0 && is_digit(c) != is_digit(name[i - 1]);
    if (!open || hump || kind_changes) tokens.emplace_back();
    tokens.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    open = true;
  }
  return tokens;
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 14> kPrefixes = {
    "mixamorig", "bip", "biped", "b",   "skeleton", "valve",    "def",
    "org",       "cc",  "jnt",   "rig", "j",        "armature", "character"};

constexpr std::array<std::string_view, 19> kAuxiliary = {
    "end",   "nub",  "effector", "site", "ik",  "pole", "target",   "socket", "ctrl",     "control",
    "twist", "roll", "helper",   "tip",  "top", "geo",  "geometry", "mesh",   "reference"};

Side side_of_token(std::string_view token) {
  if (token == "l" || token == "left" || token == "lft" || token == "lt") return Side::left;
  if (token == "r" || token == "right" || token == "rgt" || token == "rt") return Side::right;
  return Side::center;
}

// Takes a side written in front of a word ("lefthand") off it.
Side split_side(std::string& token) {
  for (const auto& [text, side] : {std::pair<std::string_view, Side>{"left", Side::left},
                                   std::pair<std::string_view, Side>{"right", Side::right}}) {
    if (token.size() > text.size() && token.compare(0, text.size(), text) == 0) {
      token.erase(0, text.size());
      return side;
    }
  }
  return Side::center;
}

// The first token if most joints share it ("hero_spine", "hero_head"), or nothing.
std::string shared_prefix(const std::vector<std::vector<std::string>>& tokens) {
  std::map<std::string, std::size_t> count;
  for (const auto& t : tokens)
    if (t.size() > 1 && side_of_token(t[0]) == Side::center) ++count[t[0]];
  for (const auto& [token, n] : count)
    if (n > 4 && n * 10 >= tokens.size() * 7) return token;
  return {};
}

JointName parse(std::string_view raw, const std::vector<std::string>& tokens,
                const std::string& prefix) {
  JointName name;
  name.shadow = raw.substr(0, 2) == "__";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string token = tokens[i];
    if (is_digit(token[0])) {
      // "Bip01 Head": the number belongs to the prefix.
      const bool of_prefix = i > 0 && contains(kPrefixes, tokens[i - 1]);
      if (!of_prefix) name.numbers.push_back(token);
      continue;
    }
    const bool last_letters = i + 1 == tokens.size();
    if (i == 0 && token == prefix) continue;
    if (!last_letters && contains(kPrefixes, token)) continue;
    Side side = side_of_token(token);
    if (side == Side::center)
      side = split_side(token);
    else
      token.clear();
    if (side != Side::center) name.side = side;
    if (contains(kAuxiliary, token)) name.auxiliary = true;
    name.word += token;
  }
  return name;
}

// "lfemur" is a left joint only where there is an "rfemur" too.
void split_single_letters(std::vector<JointName>& names) {
  std::set<std::pair<std::string, std::vector<std::string>>> unsided;
  for (const JointName& n : names)
    if (n.side == Side::center) unsided.insert({n.word, n.numbers});
  for (JointName& n : names) {
    if (n.side != Side::center || n.word.size() < 4 || (n.word[0] != 'l' && n.word[0] != 'r'))
      continue;
    std::string other = n.word;
    other[0] = n.word[0] == 'l' ? 'r' : 'l';
    if (unsided.count({other, n.numbers}) == 0) continue;
    n.side = n.word[0] == 'l' ? Side::left : Side::right;
    n.word.erase(0, 1);
  }
}

struct Rule {
  std::string_view word;
  BodyPart part;
  float score;
};

// Words of joints on the middle line.
constexpr std::array kCenterRules = {
    Rule{"hips", BodyPart::hips, 1.0f},     Rule{"hip", BodyPart::hips, 1.0f},
    Rule{"pelvis", BodyPart::hips, 1.0f},   Rule{"root", BodyPart::hips, 0.5f},
    Rule{"base", BodyPart::hips, 0.2f},     Rule{"body", BodyPart::hips, 0.2f},
    Rule{"spine", BodyPart::spine, 1.0f},   Rule{"chest", BodyPart::spine, 1.0f},
    Rule{"abdomen", BodyPart::spine, 1.0f}, Rule{"torso", BodyPart::spine, 1.0f},
    Rule{"back", BodyPart::spine, 0.9f},    Rule{"thorax", BodyPart::spine, 1.0f},
    Rule{"waist", BodyPart::spine, 0.9f},   Rule{"neck", BodyPart::neck, 1.0f},
    Rule{"head", BodyPart::head, 1.0f},     Rule{"skull", BodyPart::head, 0.9f},
};

// Words of joints with a side. Several parts share a word: the order along the limb decides.
constexpr std::array kSideRules = {
    Rule{"upleg", BodyPart::thigh, 1.0f},      Rule{"upperleg", BodyPart::thigh, 1.0f},
    Rule{"thigh", BodyPart::thigh, 1.0f},      Rule{"femur", BodyPart::thigh, 1.0f},
    Rule{"hip", BodyPart::thigh, 0.9f},        Rule{"hipjoint", BodyPart::thigh, 0.3f},
    Rule{"buttock", BodyPart::thigh, 0.25f},   Rule{"pelvis", BodyPart::thigh, 0.2f},
    Rule{"leg", BodyPart::thigh, 0.5f},        Rule{"leg", BodyPart::shin, 0.6f},
    Rule{"leg", BodyPart::foot, 0.1f},         Rule{"leg", BodyPart::toes, 0.05f},
    Rule{"lowerleg", BodyPart::shin, 1.0f},    Rule{"loleg", BodyPart::shin, 1.0f},
    Rule{"lowleg", BodyPart::shin, 1.0f},      Rule{"foreleg", BodyPart::shin, 0.9f},
    Rule{"shin", BodyPart::shin, 1.0f},        Rule{"calf", BodyPart::shin, 1.0f},
    Rule{"tibia", BodyPart::shin, 1.0f},       Rule{"knee", BodyPart::shin, 1.0f},
    Rule{"foot", BodyPart::foot, 1.0f},        Rule{"ankle", BodyPart::foot, 1.0f},
    Rule{"foot", BodyPart::toes, 0.3f},        Rule{"forefoot", BodyPart::toes, 1.0f},
    Rule{"toe", BodyPart::toes, 1.0f},         Rule{"toes", BodyPart::toes, 1.0f},
    Rule{"toebase", BodyPart::toes, 1.0f},     Rule{"ball", BodyPart::toes, 1.0f},
    Rule{"footthumb", BodyPart::toes, 1.0f},   Rule{"clavicle", BodyPart::clavicle, 1.0f},
    Rule{"clav", BodyPart::clavicle, 1.0f},    Rule{"collar", BodyPart::clavicle, 1.0f},
    Rule{"scapula", BodyPart::clavicle, 0.4f}, Rule{"shoulder", BodyPart::clavicle, 0.6f},
    Rule{"shldr", BodyPart::clavicle, 0.6f},   Rule{"shoulder", BodyPart::upper_arm, 0.65f},
    Rule{"shldr", BodyPart::upper_arm, 0.65f}, Rule{"upperarm", BodyPart::upper_arm, 1.0f},
    Rule{"uparm", BodyPart::upper_arm, 1.0f},  Rule{"humerus", BodyPart::upper_arm, 1.0f},
    Rule{"bicep", BodyPart::upper_arm, 0.8f},  Rule{"arm", BodyPart::upper_arm, 0.8f},
    Rule{"arm", BodyPart::forearm, 0.4f},      Rule{"arm", BodyPart::hand, 0.1f},
    Rule{"forearm", BodyPart::forearm, 1.0f},  Rule{"lowerarm", BodyPart::forearm, 1.0f},
    Rule{"loarm", BodyPart::forearm, 1.0f},    Rule{"lowarm", BodyPart::forearm, 1.0f},
    Rule{"elbow", BodyPart::forearm, 1.0f},    Rule{"radius", BodyPart::forearm, 1.0f},
    Rule{"hand", BodyPart::hand, 1.0f},        Rule{"wrist", BodyPart::hand, 1.0f},
    Rule{"palm", BodyPart::hand, 0.7f},
};

// A word inside a longer one counts less, and only the longest such word counts: the "leg" in
// "upperleg" says nothing.
constexpr float kInsideFactor = 0.7f;

int to_number(const std::string& digits) {
  return std::stoi(digits.substr(0, 6));
}

template <std::size_t N>
float score_by(const std::array<Rule, N>& rules, std::string_view word, BodyPart part) {
  std::size_t longest = 0;
  for (const Rule& rule : rules)
    if (word.find(rule.word) != std::string_view::npos)
      longest = std::max(longest, rule.word.size());
  float score = 0.0f;
  for (const Rule& rule : rules) {
    if (rule.part != part || rule.word.size() != longest ||
        word.find(rule.word) == std::string_view::npos)
      continue;
    score = std::max(score, word.size() == longest ? rule.score : rule.score * kInsideFactor);
  }
  return score;
}

}  // namespace

std::vector<JointName> parse_joint_names(const Skeleton& skeleton) {
  std::vector<std::vector<std::string>> tokens;
  for (int j = 0; j < skeleton.num_joints(); ++j) tokens.push_back(tokens_of(skeleton.name(j)));
  const std::string prefix = shared_prefix(tokens);
  std::vector<JointName> names;
  for (int j = 0; j < skeleton.num_joints(); ++j)
    names.push_back(parse(skeleton.name(j), tokens[static_cast<std::size_t>(j)], prefix));
  split_single_letters(names);
  return names;
}

float name_score(const JointName& name, BodyPart part) {
  if (name.auxiliary || finger_of(name, false) >= 0) return 0.0f;
  float score = name.side == Side::center ? score_by(kCenterRules, name.word, part)
                                          : score_by(kSideRules, name.word, part);
  if (name.shadow) score *= 0.5f;
  // Of "toe1" to "toe5" and "upperarm01", "upperarm02" the first is meant, all else being equal.
  const int number = name.numbers.empty() ? 0 : std::min(to_number(name.numbers[0]), 50);
  return score > 0.0f ? score * (1.0f - 0.001f * static_cast<float>(number)) : 0.0f;
}

int finger_of(const JointName& name, bool fingers_from_zero) {
  if (name.auxiliary || name.shadow) return -1;
  const auto has = [&](std::string_view text) { return name.word.find(text) != std::string::npos; };
  // Bones of the palm and of the foot use the same words.
  if (has("inhand") || has("metacarpal") || has("palm") || has("foot") || has("toe")) return -1;
  if (has("thumb")) return 0;
  if (has("pinky") || has("pinkie") || has("little")) return 4;
  if (has("ring") && !has("string")) return 3;
  if (has("middle") || name.word == "mid" || name.word == "handmid") return 2;
  if (has("index")) return 1;
  if (!has("finger") || has("fingerbase")) return -1;
  // One joint for all fingers moves the middle one.
  if (name.numbers.empty()) return 2;
  // Biped writes finger and phalanx in one number: Finger0, Finger01, Finger12.
  if (fingers_from_zero) return std::min(name.numbers[0][0] - '0', 4);
  return std::clamp(to_number(name.numbers[0]) - 1, 0, 4);
}

std::string name_convention(const Skeleton& skeleton) {
  struct Sign {
    const char* joint;
    const char* convention;
  };
  constexpr std::array kSigns = {
      Sign{"LHipJoint", "cmu"},          Sign{"rShldr", "daz"},
      Sign{"mixamorig:Hips", "mixamo"},  Sign{"mixamorig_Hips", "mixamo"},
      Sign{"upperleg01.L", "makehuman"}, Sign{"UpLeg_L", "makehuman"},
      Sign{"thigh_l", "unreal"},         Sign{"right_knee", "deepmimic"},
      Sign{"Bip01 L Thigh", "biped"},    Sign{"Bip001 L Thigh", "biped"},
      Sign{"LeftHip", "biovision"},      Sign{"lfemur", "acclaim"},
      Sign{"LeftUpLeg", "motionbuilder"}};
  for (const Sign& sign : kSigns)
    if (skeleton.find(sign.joint) >= 0) return sign.convention;
  return "unknown";
}

}  // namespace canter::detail
