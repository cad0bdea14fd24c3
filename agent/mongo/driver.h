// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace mme::mongo {

// How long a mongod may take for each step of an answer, and a scrape waits for it. Well below the 10 s that Prometheus
// gives a scrape, and far above the milliseconds that a healthy one needs.
inline constexpr std::chrono::milliseconds kAnswerWithin{1000};

// libmongoc wants to be begun before anything else of it is called; more than once does no harm. It is never ended:
// that would end it for every thread. What it logs by itself may show parts of connection strings, so it logs nothing.
void begin_driver();

}  // namespace mme::mongo
