// SPDX-License-Identifier: Apache-2.0
#include "metrics/server_status_families.h"

#include <gtest/gtest.h>

namespace mme {
namespace {

std::string text_of(const std::vector<MongodStatus>& mongods) {
  std::string text;
  TextWriter out([&text](std::string_view piece) {
    text += piece;
    return true;
  });
  server_status_families(mongods, out);
  EXPECT_TRUE(out.finish());
  return text;
}

MongodStatus answering(const std::string& target, double current) {
  return {target,
          true,
          "mongod",
          {{"mongodb_ss_connections",
            "serverStatus.connections",
            false,
            {{"cl_role", ""}, {"cl_id", ""}, {"conn_type", "current"}},
            current},
           {"mongodb_ss_opLatencies_ops", "mongodb_ss_opLatencies_ops", false, {{"op_type", "reads"}}, 1e17}}};
}

TEST(ServerStatusFamilies, OneHasTheExportersLabels) {
  EXPECT_EQ(text_of({answering("a", 6)}),
            "# HELP mongodb_up 1: mongod answered serverStatus; 0: it could not be asked.\n"
            "# TYPE mongodb_up gauge\n"
            "mongodb_up{cluster_role=\"mongod\"} 1\n"
            "# HELP mongodb_ss_connections serverStatus.connections\n"
            "# TYPE mongodb_ss_connections untyped\n"
            "mongodb_ss_connections{cl_id=\"\",cl_role=\"\",conn_type=\"current\"} 6\n"
            "# HELP mongodb_ss_opLatencies_ops mongodb_ss_opLatencies_ops\n"
            "# TYPE mongodb_ss_opLatencies_ops untyped\n"
            "mongodb_ss_opLatencies_ops{op_type=\"reads\"} 1e+17\n");
}

TEST(ServerStatusFamilies, SeveralHaveALabelMore) {
  const std::string text = text_of({answering("a", 6), {"b", false, "", {}}});
  EXPECT_NE(text.find("mongodb_up{cluster_role=\"\",target=\"b\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mongodb_up{cluster_role=\"mongod\",target=\"a\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{cl_id=\"\",cl_role=\"\",conn_type=\"current\",target=\"a\"} 6\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mongodb_ss_opLatencies_ops{op_type=\"reads\",target=\"a\"} 1e+17\n"), std::string::npos) << text;
}

TEST(ServerStatusFamilies, NoSeriesTwice) {
  MongodStatus twice = answering("a", 6);
  twice.samples.push_back(twice.samples.front());
  EXPECT_EQ(text_of({twice}), text_of({answering("a", 6)}));
}

TEST(ServerStatusFamilies, NothingWithoutAMongodThatIsAsked) {
  EXPECT_EQ(text_of({}), "");
}

}  // namespace
}  // namespace mme
