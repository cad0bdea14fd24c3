// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "traefik/model.h"
#include "traefik/tree.h"

namespace mme::traefik {

// What every reader of a tree does: it notes where a node stands, and says what is wrong with one.
class TreeReader {
 protected:
  // `errors` outlives the reader.
  TreeReader(Source source, Diagnostics& errors);

  // Of a file, with the node's line.
  [[nodiscard]] Source source(const TreeNode& node) const;
  void error(const TreeNode& node, std::string problem);
  // `otherwise` where the key is not there or, which is an error, neither true nor false.
  bool flag(const TreeNode& parent, std::string_view key, bool otherwise);

 private:
  Source source_;
  Diagnostics& errors_;
};

}  // namespace mme::traefik
