// SPDX-License-Identifier: Apache-2.0
#include "mongo/driver.h"

#include <mongoc/mongoc.h>

namespace mme::mongo {

void begin_driver() {
  mongoc_init();
  mongoc_log_set_handler(nullptr, nullptr);
}

}  // namespace mme::mongo
