#include "canter/nn/graph.h"

#include <algorithm>
#include <set>
#include <utility>

namespace canter::nn {

namespace {

template <class T>
T value_or(const Attribute::Value* value, T otherwise) {
  const T* found = value == nullptr ? nullptr : std::get_if<T>(value);
  return found == nullptr ? std::move(otherwise) : *found;
}

Error graph_error(std::string message) {
  return {ErrorCode::bad_format, std::move(message)};
}

// Which node makes each value. Errors: a value made twice.
Result<std::map<std::string, std::size_t>> producers(const Graph& graph) {
  std::map<std::string, std::size_t> made;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& output : graph.nodes[i].outputs) {
      if (output.empty()) continue;
      if (!made.emplace(output, i).second || graph.initialisers.contains(output))
        return graph_error(describe(graph.nodes[i]) + ": value '" + output + "' is made twice");
    }
  for (const ValueInfo& input : graph.inputs)
    if (made.contains(input.name))
      return graph_error("value '" + input.name + "' is an input and also made by " +
                         describe(graph.nodes[made.at(input.name)]));
  return made;
}

}  // namespace

const Attribute::Value* Node::find(std::string_view attribute) const {
  const auto found = std::ranges::find(attributes, attribute, &Attribute::name);
  return found == attributes.end() ? nullptr : &found->value;
}

std::int64_t Node::integer(std::string_view attribute, std::int64_t otherwise) const {
  return value_or(find(attribute), otherwise);
}
float Node::number(std::string_view attribute, float otherwise) const {
  return value_or(find(attribute), otherwise);
}
std::string Node::text(std::string_view attribute, std::string_view otherwise) const {
  return value_or(find(attribute), std::string(otherwise));
}
std::vector<std::int64_t> Node::integers(std::string_view attribute,
                                         std::vector<std::int64_t> otherwise) const {
  return value_or(find(attribute), std::move(otherwise));
}

void Node::set(std::string attribute, Attribute::Value value) {
  const auto found = std::ranges::find(attributes, attribute, &Attribute::name);
  if (found != attributes.end())
    found->value = std::move(value);
  else
    attributes.push_back({std::move(attribute), std::move(value)});
}

std::string ValueInfo::shape_text() const {
  if (!has_rank) return "[?]";
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i != 0) text += ", ";
    text += dims[i].dynamic() ? (dims[i].symbol.empty() ? "?" : dims[i].symbol)
                              : std::to_string(dims[i].size);
  }
  return text + "]";
}

std::string describe(const Node& node) {
  const std::string& name =
      node.name.empty() && !node.outputs.empty() ? node.outputs.front() : node.name;
  return "node '" + name + "' (" + node.op + ")";
}

Result<void> validate(Graph& graph) {
  const auto made = producers(graph);
  if (!made) return made.error();
  std::set<std::string, std::less<>> known;
  for (const ValueInfo& input : graph.inputs)
    if (!known.insert(input.name).second)
      return graph_error("input '" + input.name + "' is listed twice");

  // Each node waits for the values that other nodes make; those that wait for nothing run first.
  std::vector<std::size_t> waits(graph.nodes.size(), 0);
  std::vector<std::vector<std::size_t>> readers(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& input : graph.nodes[i].inputs) {
      if (input.empty() || known.contains(input) || graph.initialisers.contains(input)) continue;
      const auto producer = made->find(input);
      if (producer == made->end())
        return graph_error(describe(graph.nodes[i]) + ": nothing makes its input '" + input + "'");
      readers[producer->second].push_back(i);
      ++waits[i];
    }
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waits[i] == 0) ready.insert(i);
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t i = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(i);
    for (const std::size_t reader : readers[i])
      if (--waits[reader] == 0) ready.insert(reader);
  }
  if (order.size() != graph.nodes.size()) {
    const auto stuck = std::ranges::find_if(waits, [](std::size_t n) { return n != 0; });
    return graph_error(describe(graph.nodes[static_cast<std::size_t>(stuck - waits.begin())]) +
                       ": the graph has a cycle here");
  }
  for (const ValueInfo& output : graph.outputs)
    if (!made->contains(output.name) && !known.contains(output.name) &&
        !graph.initialisers.contains(output.name))
      return graph_error("nothing makes the output '" + output.name + "'");

  std::vector<Node> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(sorted);
  return {};
}

}  // namespace canter::nn
