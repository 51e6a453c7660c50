#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "canter/base/math.h"

namespace canter::viewer {

/// Fewer triangles over the same vertices, by collapsing edges onto one of their ends in the order
/// of quadric error (Garland and Heckbert 1997, "Surface Simplification Using Quadric Error
/// Metrics"; the ends are the only places tried, so that a vertex keeps its normal and weights).
/// Vertices on an open border, on a seam or in `locked` stay. No triangle turns over.
/// Deterministic; O(n log n).
/// @param positions  one per vertex
/// @param indices    triangles
/// @param locked     one per vertex: true must stay; empty: none
/// @param target     triangles to stop at; fewer collapses are done where nothing may move
std::vector<std::uint32_t> simplify(std::span<const Vec3> positions,
                                    std::span<const std::uint32_t> indices,
                                    const std::vector<bool>& locked, std::size_t target);

/// The same triangles in an order in which a cache of about `cache_size` vertices is hit often
/// (Sander, Nehab and Barczak 2007, "Fast Triangle Reordering for Vertex Locality and Reduced
/// Overdraw").
std::vector<std::uint32_t> order_triangles(std::span<const std::uint32_t> indices,
                                           std::size_t num_vertices, int cache_size);

}  // namespace canter::viewer
