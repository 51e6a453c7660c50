#include "viewer/script.h"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "test_data.h"
#include "viewer/document.h"
#include "viewer/recorder.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

std::string error_of(const std::string& text) {
  const Result<viewer::Script> script = viewer::parse_script(text, "s.txt");
  return script.ok() ? "" : script.error().message;
}

TEST_CASE("a script is read line by line, with quotes, comments, variables and repeats") {
  setenv("CANTER_SCRIPT_TEST", "folder", 1);
  const Result<viewer::Script> script = viewer::parse_script(
      "# first\n\n open \"a b.bvh\"  # what plays\nrepeat 2\nrepeat 3\nwait 5\nend\nkey Space\r\n"
      "end\nscreenshot $CANTER_SCRIPT_TEST/x.png",
      "s.txt");
  REQUIRE(script.ok());
  REQUIRE(script->steps.size() == 3);
  CHECK(script->steps[0].line == 3);
  CHECK(script->steps[0].arguments[0] == "a b.bvh");
  REQUIRE(script->steps[1].body.size() == 2);
  CHECK(script->steps[1].body[0].body.size() == 1);
  CHECK(script->steps[1].body[1].arguments[0] == "Space");
  CHECK(script->steps[2].arguments[0] == "folder/x.png");
}

TEST_CASE("what is wrong in a script is named with its line") {
  CHECK(error_of("wait 1\njump 3\n").find("s.txt:2: 'jump' is no command") == 0);
  CHECK(error_of("seek\n").find("s.txt:1: found 0 words after 'seek', expected: seek SECONDS") ==
        0);
  CHECK(error_of("wait 1 2").find("found 2 words") != std::string::npos);
  CHECK(error_of("open \"a").find("quote") != std::string::npos);
  CHECK(error_of("open $CANTER_NOT_SET_ANYWHERE").find("is not set") != std::string::npos);
  CHECK(error_of("wait 1\nrepeat 2\nwait 1\n").find("s.txt:2: this 'repeat' has no 'end'") == 0);
  CHECK(error_of("end").find("without") != std::string::npos);
  CHECK(error_of("repeat 0\nend").find("above 0") != std::string::npos);
}

TEST_CASE("the manual names every command of the language") {
  const auto bytes = read_file(source_dir() / "docs" / "viewer.md");
  const std::string manual(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const viewer::ScriptVerb& verb : viewer::script_verbs()) {
    CAPTURE(verb.name);
    CHECK(manual.find(std::string("`") + verb.name) != std::string::npos);
  }
}

/// No file may grow beyond this many bytes while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// Runs a session; the empty string, or what went wrong.
std::string run_session(const std::string& text, viewer::Options options) {
  options.script = (scratch_dir() / "session.txt").string();
  std::ofstream(options.script) << text;
  setenv("CANTER_OUT", scratch_dir().c_str(), 1);
  const Result<void> ran = viewer::run(options);
  return ran.ok() ? "" : ran.error().message;
}

std::string run_session(const std::string& text, const std::string& settings = "",
                        bool timings = false) {
  viewer::Options options = headless(write_walker());
  options.width = 1280;
  options.height = 720;
  options.settings = settings;
  options.timings = timings;
  return run_session(text, options);
}

TEST_CASE("a session seeks, plays, clicks and sees what it did") {
  if (!can_view()) return;
  CHECK(run_session("expect document walker.bvh\n"
                    "expect playing yes\n"
                    "seek 0.5\n"
                    "expect time 0.5\nexpect playing no\nexpect frame 15\n"
                    "key Right\nexpect frame 16\n"
                    "click transport.play\nexpect playing yes\n"
                    "wait 30\nexpect time > 0.9\nexpect time < 1.1\n"
                    "click inspector.frame\nclick inspector.clip\n"
                    "drag transport.scrub 0.5 0.5 0.25 0.5\nexpect time > 0.4\nexpect time < 0.6\n"
                    "pad scrub_on 1\nwait 6\npad scrub_on 0\nexpect time > 0.5\n"
                    "pad play 1\nexpect playing yes\n") == "");
}

TEST_CASE("a session compares its own images, and sizes to nothing are survived") {
  if (!can_view()) return;
  CHECK(run_session("seek 0.2\n"
                    "screenshot $CANTER_OUT/a.png\n"
                    "screenshot $CANTER_OUT/panel.png inspector\n"
                    "resize 0x0\nwait 2\nresize 1x1\nwait 1\nresize 2000x3\nwait 1\n"
                    "resize 1280x720\n"
                    "screenshot $CANTER_OUT/b.png\n"
                    "same $CANTER_OUT/a.png $CANTER_OUT/b.png\n"
                    "seek 0.6\nscreenshot $CANTER_OUT/c.png\n"
                    "differ $CANTER_OUT/a.png $CANTER_OUT/c.png\n") == "");
}

TEST_CASE("a reset of the graphics card is survived with a message, and the picture comes back") {
  if (!can_view()) return;
  CHECK(run_session("seek 0.2\n"
                    "screenshot $CANTER_OUT/before.png inspector\n"
                    "lose_graphics\n"
                    "expect notice contains \"graphics card was reset\"\n"
                    "screenshot $CANTER_OUT/after.png inspector\n"
                    "same $CANTER_OUT/before.png $CANTER_OUT/after.png\n"
                    "key Tab\nwait 1\nscreenshot $CANTER_OUT/scene.png\n"
                    "lose_graphics\nwait 1\nscreenshot $CANTER_OUT/scene2.png\n"
                    "same $CANTER_OUT/scene.png $CANTER_OUT/scene2.png 0.1\n"
                    "seek 0.5\nscreenshot $CANTER_OUT/scene3.png\n"
                    "differ $CANTER_OUT/scene2.png $CANTER_OUT/scene3.png\n") == "");
}

TEST_CASE("a session that expects what is not so fails with its line") {
  if (!can_view()) return;
  CHECK(run_session("seek 0.5\nexpect time 0.4\n").find("session.txt:2: expected time = 0.4") !=
        std::string::npos);
  CHECK(run_session("click transport.nothing\n").find("there is transport") != std::string::npos);
  CHECK(run_session("expect weather fine").find("nothing is known") != std::string::npos);
  CHECK(run_session("key Banana").find("no key") != std::string::npos);
  CHECK(run_session("seek 0.2\nscreenshot $CANTER_OUT/a.png\nseek 0.7\n"
                    "screenshot $CANTER_OUT/b.png\nsame $CANTER_OUT/a.png $CANTER_OUT/b.png 0\n")
            .find("of the pixels differ") != std::string::npos);
}

TEST_CASE("a bad file leaves what was playing alone and says why") {
  if (!can_view()) return;
  const auto write = [](const char* name, const std::string& text) {
    std::ofstream(scratch_dir() / name) << text;
  };
  write("broken.bvh", "HIERARCHY\nROOT Hips\n{\nOFFSET 0 x 0");
  write("broken.glb", "glTF\2");
  write("broken.onnx", "no network");
  write("empty.bvh", "");
  std::filesystem::create_directories(scratch_dir() / "empty_folder");
  for (const std::string name :
       {"broken.bvh", "broken.glb", "broken.onnx", "empty.bvh", "not_there.fbx", "empty_folder"}) {
    CAPTURE(name);
    CHECK(run_session("key R\nwait 3\nmark documents\nmark undo_depth\ndrop $CANTER_OUT/" + name +
                      "\nwait idle\n"
                      "expect document walker.bvh\nexpect notices 1\n"
                      "expect notice contains " +
                      name +
                      "\nexpect documents.grown = 0\n"
                      "expect undo_depth.grown = 0\nexpect speed -1\nexpect playing yes\n"
                      "mark time\nwait 3\nexpect time.grown != 0\n"
                      "click notice.0.dismiss\nexpect notices 0\n") == "");
  }
}

TEST_CASE("missing fonts are survived: others stand in, and it is said which") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.width = 1280;
  options.height = 720;
  options.fonts = (scratch_dir() / "no_fonts").string();
  const std::string look = "screenshot $CANTER_OUT/none.png inspector\n";
  CHECK(run_session(
            "expect notices 1\nexpect notice contains fonts-inter\n"
            "expect notice contains fonts-jetbrains-mono\nexpect notice contains \"stand in\"\n"
            "click inspector.view\nclick inspector.clip\nhover top 0.3 0.5\n" +
                look,
            options) == "");
  // There is something to read: far more than a panel's surface.
  const auto shown = viewer::decode_image(read_file(scratch_dir() / "none.png"));
  REQUIRE(shown.has_value());
  int bright = 0;
  for (std::size_t i = 0; i < shown->rgba.size(); i += 4) bright += shown->rgba[i] > 120 ? 1 : 0;
  CHECK(bright > 1000);

  // A file that only has the name of a font is none.
  const auto inter = scratch_dir() / "bad_fonts" / "opentype" / "inter";
  std::filesystem::create_directories(inter);
  std::ofstream(inter / "Inter-Regular.otf") << "no font at all";
  options.fonts = (scratch_dir() / "bad_fonts").string();
  CHECK(run_session("expect notice contains fonts-inter\nwait 2\n", options) == "");
}

TEST_CASE("every control on screen says what it is") {
  if (!can_view()) return;
  CHECK(run_session("click inspector.compare\nexpect unexplained = \"\"\n"
                    "click inspector.blend\nexpect unexplained = \"\"\n"
                    "click inspector.view\nexpect unexplained = \"\"\n"
                    "click inspector.frame\nexpect unexplained = \"\"\n"
                    "click inspector.clip\nexpect unexplained = \"\"\n") == "");
}

TEST_CASE("a switch shows its change, undoes, redoes, and resets on a double click") {
  if (!can_view()) return;
  CHECK(run_session("click inspector.view\nexpect changed:view.trails no\n"
                    "click view.trails\nexpect trails yes\nexpect changed:view.trails yes\n"
                    "drag view.trail_s 0.2 0.5 0.8 0.5\nexpect trail_s > 2\n"
                    "expect undo_depth 2\n"
                    "key \"Ctrl Z\"\nexpect trail_s 0.5\nexpect trails yes\n"
                    "key \"Ctrl Z\"\nexpect trails no\n"
                    "key \"Ctrl Y\"\nexpect trails yes\n"
                    "key \"Ctrl Y\"\nexpect trail_s > 2\n"
                    "double_click view.trail_s\nexpect trail_s 0.5\n"
                    "double_click view.trails\nexpect trails no\n"
                    "click view.quality.high\nexpect quality high\n"
                    "drag view.budget 0.5 0.5 0.9 0.5\nexpect budget_us > 10000\n"
                    "key \"Ctrl Z\"\nexpect budget_us 2000\n"
                    "click transport.speed_200\nexpect speed 2\n"
                    "click clips.idle\nwait idle\nexpect clip idle\n"
                    "key \"Ctrl Z\"\nexpect document walker.bvh\nexpect speed 2\n") == "");
}

TEST_CASE("settings and the first hint outlive the window; a home that cannot be written is said") {
  if (!can_view()) return;
  const std::string file = (scratch_dir() / "outlive" / "viewer.json").string();
  std::filesystem::remove_all(scratch_dir() / "outlive");
  CHECK(run_session("expect hint yes\nclick hint.dismiss\nexpect hint no\n"
                    "key G\nexpect ghost yes\n",
                    file) == "");
  CHECK(run_session("expect hint no\nexpect ghost yes\nexpect notices 0\n", file) == "");
  std::ofstream((scratch_dir() / "plain_file").string()) << "x";
  CHECK(run_session(
            "key G\nwait 2\nexpect notices 1\nexpect notice contains \"Settings are not kept\"\n"
            "key T\nwait 2\nexpect notices 1\nexpect playing yes\n",
            (scratch_dir() / "plain_file" / "viewer.json").string()) == "");
}

TEST_CASE("a click on the history goes back to that frame, and playing leaves it") {
  if (!can_view()) return;
  // The bars end at the right edge: 100 frames are about a third of the width.
  CHECK(run_session("click inspector.frame\nseek 0\nplay\nwait 100\nexpect time > 1.5\n"
                    "click frame.simulation 0.95 0.8\n"
                    "expect looking_back yes\nexpect playing no\nexpect time < 1.66\n"
                    "mark time\nwait 5\nexpect time.grown = 0\n"
                    "click frame.drawing 0.9 0.8\nexpect looking_back yes\n"
                    "expect time.grown < 0\n"
                    "click frame.live\nexpect looking_back no\nexpect playing yes\n",
                    "", true) == "");
}

TEST_CASE("the doctor previews, applies, undoes and saves a recipe that convert does again") {
  if (!can_view()) return;
  write_floater();
  const std::string recipe = (scratch_dir() / "floater.bvh.recipe.json").string();
  std::filesystem::remove(recipe);
  CHECK(run_session("open $CANTER_OUT/floater.bvh\nclick inspector.clip\n"
                    "expect doctor yes\nexpect ground_cm > 40\nexpect unexplained = \"\"\n"
                    "seek 0.5\nscreenshot $CANTER_OUT/before.png\n"
                    "click doctor.preview.floating\nwait idle\nexpect preview yes\n"
                    "expect fixes = \"\"\nexpect time 0.5\n"
                    "screenshot $CANTER_OUT/preview.png\n"
                    "differ $CANTER_OUT/before.png $CANTER_OUT/preview.png 0.01\n"
                    "click doctor.preview.floating\nexpect preview no\n"
                    "click doctor.apply.floating\nwait idle\nexpect fixes floating\n"
                    "expect ground_cm < 10\nexpect time 0.5\n"
                    "click doctor.side.before\nclick doctor.side.after\n"
                    "key \"Ctrl Z\"\nexpect fixes = \"\"\nexpect ground_cm > 40\n"
                    "key \"Ctrl Y\"\nexpect fixes floating\n"
                    "click doctor.save\nexpect notice contains recipe.json\n"
                    "click doctor.close\nexpect doctor no\n") == "");
  REQUIRE(std::filesystem::exists(recipe));

  // What the command line makes of the recipe is what the viewer showed: opened, it stands.
  const std::string fixed = (scratch_dir() / "fixed.clip").string();
  const std::string call = std::string(CANTER_TOOL) + " clip convert " +
                           (scratch_dir() / "floater.bvh").string() + " " + fixed + " --recipe " +
                           recipe + " >/dev/null";
  REQUIRE(std::system(call.c_str()) == 0);
  CHECK(run_session("open $CANTER_OUT/fixed.clip\nexpect ground_cm < 10\n"
                    "open $CANTER_OUT/floater.bvh\nexpect ground_cm > 40\n"
                    "click doctor.replay\nwait idle\nexpect ground_cm < 10\n"
                    "expect fixes floating\n") == "");
}

TEST_CASE("keys go through the tabs of the inspector, round and round") {
  if (!can_view()) return;
  CHECK(run_session("expect tab 0\nkey \"Page Down\"\nexpect tab 1\nkey \"Page Up\"\n"
                    "key \"Page Up\"\nexpect tab 7\nkey \"Page Down\"\nexpect tab 0\n"
                    "click inspector.view\nexpect tab 6\n") == "");
}

TEST_CASE("the doctor opens by itself where a fix waits, until it is closed for that file") {
  if (!can_view()) return;
  write_floater();
  const std::string settings = (scratch_dir() / "doctor.json").string();
  std::filesystem::remove(settings);
  CHECK(run_session("expect doctor no\ndrop $CANTER_OUT/floater.bvh\nwait idle\n"
                    "expect document floater.bvh\nexpect doctor yes\nexpect playing yes\n"
                    // Nothing waits in the other file; back at the first one it waits still.
                    "click clips.walker.bvh\nexpect doctor no\n"
                    "click clips.floater.bvh\nexpect doctor yes\n"
                    "click doctor.close\nexpect doctor no\n"
                    "click clips.walker.bvh\nclick clips.floater.bvh\nexpect doctor no\n"
                    "drop $CANTER_OUT/floater.bvh\nwait idle\nexpect doctor no\n"
                    // By hand it opens, and stays with the next file.
                    "click inspector.clip\nclick clip.doctor\nexpect doctor yes\n"
                    "click clips.walker.bvh\nexpect doctor yes\nclick doctor.close\n",
                    settings) == "");
  CHECK(run_session("drop $CANTER_OUT/floater.bvh\nwait idle\nexpect doctor no\n", settings) == "");
  std::filesystem::remove(settings);
  CHECK(run_session("click inspector.view\nclick view.doctor_opens\n"
                    "drop $CANTER_OUT/floater.bvh\nwait idle\nexpect doctor no\n",
                    settings) == "");
}

TEST_CASE("another unit is previewed, kept, undone and in the recipe that convert does again") {
  if (!can_view()) return;
  write_floater();
  const std::string recipe = (scratch_dir() / "floater.bvh.recipe.json").string();
  std::filesystem::remove(recipe);
  // Of 1.7 m in centimetres, 17 in decimetres. Its height off the floor grows with it.
  CHECK(
      run_session("open $CANTER_OUT/floater.bvh\nclick inspector.clip\nclick clip.doctor\n"
                  "expect unit_m 0.01\nexpect changed:doctor.unit no\nmark ground_cm\n"
                  "mark top:doctor.unit\nclick doctor.unit.dm\nwait idle\nexpect preview yes\n"
                  "expect unit_m 0.01\nexpect changed:doctor.unit yes\n"
                  "expect top:doctor.unit.grown = 0\n"
                  "click doctor.unit.cm\nwait idle\nexpect preview no\n"
                  "click doctor.unit.dm\nclick doctor.unit.mm\nclick doctor.unit.dm\nwait idle\n"
                  "click doctor.unit.apply\nwait idle\nexpect unit_m 0.1\n"
                  "expect ground_cm.grown > 300\nexpect preview no\n"
                  "mark top:doctor.apply.floating\nclick doctor.preview.floating\nwait idle\n"
                  "expect top:doctor.apply.floating.grown = 0\n"
                  "click doctor.apply.floating\nwait idle\nexpect fixes floating\n"
                  "expect unit_m 0.1\nexpect ground_cm < 60\n"
                  "key \"Ctrl Z\"\nkey \"Ctrl Z\"\nexpect unit_m 0.01\nexpect ground_cm.grown = 0\n"
                  "key \"Ctrl Y\"\nexpect unit_m 0.1\nkey \"Ctrl Y\"\nclick doctor.save\n"
                  "double_click doctor.unit.dm\nwait idle\nexpect changed:doctor.unit no\n") == "");
  const std::string fixed = (scratch_dir() / "large.clip").string();
  const std::string call = std::string(CANTER_TOOL) + " clip convert " +
                           (scratch_dir() / "floater.bvh").string() + " " + fixed + " --recipe " +
                           recipe + " >/dev/null";
  REQUIRE(std::system(call.c_str()) == 0);
  CHECK(run_session("open $CANTER_OUT/large.clip\nexpect height_m > 10\nexpect ground_cm < 60\n"
                    "click inspector.clip\nclick clip.doctor\nexpect widget:doctor.unit no\n") ==
        "");
  std::filesystem::remove(recipe);
}

TEST_CASE("the list filters, browses folders, keeps them, and closes files") {
  if (!can_view()) return;
  const auto folder = scratch_dir() / "browse" / "inner";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(write_walker(), folder / "stroll.bvh",
                             std::filesystem::copy_options::overwrite_existing);
  const std::string settings = (scratch_dir() / "browse.json").string();
  std::filesystem::remove(settings);
  CHECK(run_session("click clips.filter\ntype walker\nexpect widget:clips.walker.bvh yes\n"
                    "type x\nexpect widget:clips.walker.bvh no\n"
                    "drop $CANTER_OUT/browse\nexpect widget:clips.folder.browse yes\n"
                    "click clips.folder.browse.remove\nexpect widget:clips.folder.browse no\n",
                    settings) == "");
  CHECK(run_session("click clips.filter\ntype $CANTER_OUT/browse\n"
                    "click clips.browse.inner\nexpect widget:clips.browse.stroll yes\n"
                    "click clips.browse...\nexpect widget:clips.browse.inner yes\n"
                    "click clips.browse.inner\nclick clips.keep\n"
                    "click clips.browse.stroll\nwait idle\nexpect document stroll.bvh\n"
                    "expect documents 3\n",
                    settings) == "");
  CHECK(run_session("expect widget:clips.folder.inner yes\n"
                    "click clips.stroll\nwait idle\nexpect document stroll.bvh\n"
                    "expect documents 3\nclick clips.stroll.close\nexpect documents 2\n"
                    "expect document walker.bvh\nexpect undo_depth 0\n"
                    "click clips.stroll\nwait idle\nexpect document stroll.bvh\n"
                    "click clips.walker.bvh.close\nexpect widget:clips.walker.bvh no\n"
                    "expect document stroll.bvh\nwait 5\n",
                    settings) == "");
}

TEST_CASE("a sequence of images is recorded; a full disk ends it with a message, nothing else") {
  if (!can_view()) return;
  CHECK(viewer::sequence_path("a/b.png", 7) == "a/b_00007.png");
  CHECK(viewer::sequence_path("a/b%03d.png", 7) == "a/b007.png");
  CHECK(viewer::sequence_path("50%.png", 7) == "50%_00007.png");
  const auto first = scratch_dir() / "seq_00001.png";
  CHECK(run_session("record $CANTER_OUT/seq.png\nexpect recording contains seq.png\nwait 3\n"
                    "record off\nexpect recording = \"\"\n") == "");
  CHECK(std::filesystem::exists(first));
  CHECK(std::filesystem::exists(scratch_dir() / "seq_00003.png"));

  // What a full disk answers, by a limit on the size of files.
  const FileSizeLimit full(2000);
  CHECK(run_session("record $CANTER_OUT/full.png\nwait 3\nexpect recording = \"\"\n"
                    "expect notice contains \"The recording stopped\"\nexpect playing yes\n") ==
        "");
  // A picture as well. The name is the next free one, so that nothing is written over.
  CHECK(run_session("screenshot $CANTER_OUT/full.png\n").find("full.png") != std::string::npos);
}

TEST_CASE("a full disk ends a video with a message, nothing else") {
  if (!can_view()) return;
  if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) {
    MESSAGE("SKIPPED: ffmpeg is not installed");
    return;
  }
  const FileSizeLimit full(2000);
  CHECK(run_session("record $CANTER_OUT/full.mp4\nwait 20\nrecord off\nexpect recording = \"\"\n"
                    "expect notice contains full.mp4\nexpect notice contains failed\n"
                    "expect playing yes\n") == "");
}

TEST_CASE("pictures and videos take the next free name") {
  if (!can_view()) return;
  const std::filesystem::path before = std::filesystem::current_path();
  const auto folder = scratch_dir() / "names";
  std::filesystem::create_directories(folder);
  std::filesystem::current_path(folder);
  std::ofstream("canter_1.png") << "mine";
  const std::string failure = run_session(
      "key F12\nexpect notice contains canter_2.png\n"
      "key F12\nexpect notice contains canter_3.png\n");
  std::filesystem::current_path(before);
  CHECK(failure == "");
  CHECK(std::filesystem::file_size(folder / "canter_1.png") == 4);
}

TEST_CASE("the blend bench makes both transitions, follows its settings and can be undone") {
  if (!can_view()) return;
  if (!std::filesystem::exists(source_dir() / "motion_data" / "walk.clip")) return;
  CHECK(run_session("click clips.walk\nwait idle\nexpect clip walk\nseek 0.5\n"
                    "click inspector.blend\nclick blend.from\nexpect blend_slide_cm_s = -1\n"
                    "click blend.to.run\nwait idle\n"
                    "expect document \"walk to run\"\nexpect clip inertialized\n"
                    "expect blend_slide_cm_s > 0\nmark blend_slide_cm_s\n"
                    "seek 1.1\nclick blend.show.crossfade\nexpect clip crossfade\n"
                    "expect time 1.1\n"
                    "drag blend.duration 0.2 0.5 0.8 0.5\nwait idle\nexpect duration > 2.7\n"
                    "expect clip crossfade\nexpect time 1.1\n"
                    "key \"Ctrl Z\"\nwait idle\nexpect duration < 2.3\n"
                    "expect blend_slide_cm_s.grown = 0\n"
                    "click blend.beside\nexpect beside contains inertialized\n"
                    "expect difference_now_cm > 1\n"
                    "click blend.sync\nwait idle\nexpect widget:blend.start yes\n"
                    "expect unexplained = \"\"\n") == "");
}

TEST_CASE("comparing chooses, measures at the cursor, explains what cannot be, and undoes") {
  if (!can_view()) return;
  if (!std::filesystem::exists(source_dir() / "motion_data" / "wave.clip")) return;
  CHECK(run_session("click clips.wave\nwait idle\nexpect document wave.clip\n"
                    "click inspector.compare\nexpect beside = \"\"\n"
                    "click compare.mirror\nexpect beside contains mirrored\n"
                    "expect widget:tracks.difference yes\n"
                    "click compare.worst\nexpect difference_now_cm > 5\nexpect playing no\n"
                    "drag compare.curves 0.1 0.5 0.5 0.5\nexpect hover > 0\n"
                    "click compare.source\nexpect notice contains \"Nothing to compare with\"\n"
                    "expect beside contains mirrored\n"
                    "key \"Ctrl Z\"\nexpect beside = \"\"\nkey \"Ctrl Y\"\n"
                    "expect beside contains mirrored\n"
                    "click compare.original\nexpect difference_now_cm < 0.05\n"
                    "click compare.none\nexpect widget:tracks.difference no\n") == "");
}

TEST_CASE("a long motion is shown at once and completed behind the scenes") {
  if (!can_view()) return;
  // The walker fifty times over: 3,000 frames.
  const auto bytes = read_file(write_walker());
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t frames = text.find("\n0 88 0") + 1;
  std::string motion = text.substr(0, frames);
  motion.replace(motion.find("Frames: 60"), 10, "Frames: 3000");
  for (int i = 0; i < 50; ++i) motion += text.substr(frames);
  std::ofstream((scratch_dir() / "long.bvh").string()) << motion;
  CHECK(run_session("drop $CANTER_OUT/long.bvh\nwait idle\nexpect document long.bvh\n"
                    "expect duration > 99.9\nexpect duration < 100\nseek 99.5\n"
                    "expect frame 2985\nexpect undo_depth 1\nexpect notices 0\n") == "");
  const Result<viewer::Opened> opened =
      viewer::open_document((scratch_dir() / "long.bvh").string());
  REQUIRE(opened.ok());
  REQUIRE(opened->rest != nullptr);
  CHECK(opened->document->preliminary);
  CHECK(opened->document->clips[0].clip.num_frames() < 1500);
  CHECK(opened->document->clips[0].clip.duration_s() == doctest::Approx(100.0).epsilon(0.01));
}

}  // namespace
}  // namespace canter::test
