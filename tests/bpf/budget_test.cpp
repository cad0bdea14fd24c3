// SPDX-License-Identifier: Apache-2.0
// How much work each program is for this kernel's verifier, against budget.txt.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "mme/abi.h"
// the skeletons need its types
#include "in_flight.skel.h"
#include "lifecycle.skel.h"
#include "observer.skel.h"

namespace mme::test {
namespace {

std::map<std::string, unsigned> read_budget() {
  std::map<std::string, unsigned> budget;
  std::ifstream file(MME_BUDGET);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    unsigned instructions = 0;
    if (words >> name >> instructions) budget[name] = instructions;
  }
  return budget;
}

// As the agent sets them: with zeros the verifier would leave most of the code out.
void use(mme_settings& settings) {
  settings.bounds = MME_BOUNDS_MAX;
  settings.shard_mask = MME_SHARDS_MAX - 1;
  settings.series_per_family = 2000;
  settings.slots = MME_FAMILIES * (settings.series_per_family + 1);
  settings.connections = 50000;
}

void check(const bpf_object* object) {
  const auto budget = read_budget();
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string name = bpf_program__name(program);
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    ASSERT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0) << name;
    ASSERT_TRUE(budget.contains(name)) << name << " has no line in tests/bpf/budget.txt";
    EXPECT_LE(info.verified_insns, budget.at(name))
        << name << " now takes the verifier more instructions than tests/bpf/budget.txt allows";
    testing::Test::RecordProperty(name, static_cast<int>(info.verified_insns));
    std::cout << name << ": " << info.verified_insns << " of " << budget.at(name) << '\n';
  }
}

TEST(Budget, OfTheObserverIsKept) {
  const std::unique_ptr<observer_bpf, decltype(&observer_bpf::destroy)> skeleton(observer_bpf::open(),
                                                                                 observer_bpf::destroy);
  ASSERT_TRUE(skeleton);
  use(const_cast<mme_settings&>(skeleton->rodata->settings));
  ASSERT_EQ(observer_bpf::load(skeleton.get()), 0) << "refused; these tests need root";
  check(skeleton->obj);
}

TEST(Budget, OfTheLifecycleIsKept) {
  const std::unique_ptr<lifecycle_bpf, decltype(&lifecycle_bpf::destroy)> skeleton(lifecycle_bpf::open(),
                                                                                   lifecycle_bpf::destroy);
  ASSERT_TRUE(skeleton);
  use(const_cast<mme_settings&>(skeleton->rodata->settings));
  ASSERT_EQ(lifecycle_bpf::load(skeleton.get()), 0) << "refused; these tests need root";
  check(skeleton->obj);
}

TEST(Budget, OfTheIteratorIsKept) {
  const std::unique_ptr<in_flight_bpf, decltype(&in_flight_bpf::destroy)> skeleton(in_flight_bpf::open(),
                                                                                   in_flight_bpf::destroy);
  ASSERT_TRUE(skeleton);
  ASSERT_EQ(in_flight_bpf::load(skeleton.get()), 0) << "refused; these tests need root, and BTF of the kernel";
  check(skeleton->obj);
}

}  // namespace
}  // namespace mme::test
