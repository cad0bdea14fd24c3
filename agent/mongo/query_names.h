// SPDX-License-Identifier: Apache-2.0
// The names that MongoDB's query language gives, up to MongoDB 8. A name that is not here may be data.
#pragma once

#include <string_view>

namespace mme::mongo {

// `$in`, `$set`, `$match`, `$add`: of filters, updates, pipelines and expressions
// (https://www.mongodb.com/docs/manual/reference/operator/).
[[nodiscard]] bool is_operator(std::string_view name);

// `localField`: of any stage of a pipeline.
[[nodiscard]] bool is_stage_argument(std::string_view name);

// `initialValue`: of any operator of expressions.
[[nodiscard]] bool is_operator_argument(std::string_view name);

}  // namespace mme::mongo
