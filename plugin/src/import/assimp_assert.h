#pragma once

namespace canter::importer::detail {

/// Names assimp_assert.cpp, so that linking the reader brings its definition along.
void replace_assimp_assert();

}  // namespace canter::importer::detail
