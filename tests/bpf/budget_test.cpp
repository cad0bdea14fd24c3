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

class Budget : public testing::TestWithParam<const char*> {};

TEST_P(Budget, IsKept) {
  const auto budget = read_budget();
  const std::string path = std::string(MME_BPF_OBJECTS "/") + GetParam() + ".bpf.o";
  const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(bpf_object__open_file(path.c_str(), nullptr),
                                                                         bpf_object__close);
  ASSERT_TRUE(object) << path;
  ASSERT_EQ(bpf_object__load(object.get()), 0) << path << " is refused; these tests need root";
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    const std::string name = bpf_program__name(program);
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    ASSERT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0) << name;
    ASSERT_TRUE(budget.contains(name)) << name << " has no line in tests/bpf/budget.txt";
    EXPECT_LE(info.verified_insns, budget.at(name))
        << name << " of " << GetParam() << " now takes the verifier more instructions than tests/bpf/budget.txt allows";
    RecordProperty(name, static_cast<int>(info.verified_insns));
    std::cout << name << ": " << info.verified_insns << " of " << budget.at(name) << '\n';
  }
}

INSTANTIATE_TEST_SUITE_P(Objects, Budget, testing::Values("observer", "lifecycle"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace mme::test
