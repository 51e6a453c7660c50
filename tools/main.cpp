#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "command.h"

int main(int argc, char** argv) {
  CLI::App app("Canter: real-time motion animation", "canter");
  app.require_subcommand(1);
  app.set_version_flag("--version", "canter 0.1.0");
  canter::tools::add_bench(app);
  canter::tools::add_clip(app);
  canter::tools::add_make(app);
  canter::tools::add_mimic(app);
  canter::tools::add_model(app);
  canter::tools::add_phase(app);
  canter::tools::add_view(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // CLI11 reports help and version as "errors" of code 0; every other parse error is a bad call.
    if (e.get_exit_code() == 0) return app.exit(e);
    std::fprintf(stderr, "canter: %s\n", e.what());
    return 2;
  } catch (const canter::tools::CommandError& e) {
    std::fprintf(stderr, "canter: %s\n", e.what());
    return e.exit_code();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "canter: %s\n", e.what());
    return 1;
  }
  return 0;
}
