// SPDX-License-Identifier: Apache-2.0
// The table of command hashes against the list of command names.
#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "mme/mongo.h"

namespace mme {
namespace {

#define MME_COMMAND_NAME(name) #name,
constexpr const char* kNames[] = {MME_MONGO_COMMANDS(MME_COMMAND_NAME)};
#undef MME_COMMAND_NAME

uint32_t low_hash(const std::string& name) {
  uint64_t hash = MME_HASH_START;
  for (const char c : name) hash = mme_hash_byte(hash, mme_lower(static_cast<uint8_t>(c)));
  return static_cast<uint32_t>(hash);
}

TEST(Commands, FitTheirSlots) {
  EXPECT_EQ(std::size(kNames), size_t{MME_MONGO_COMMAND_COUNT});
  EXPECT_LE(std::size(kNames), size_t{256});  // one fits into a byte: mme_pending::method, mme_cursor::command
}

TEST(Commands, EveryNameIsFoundByItsHash) {
  for (uint16_t id = MME_COMMAND_find; id < MME_MONGO_COMMAND_COUNT; id++)
    EXPECT_EQ(mme_mongo_command_id(low_hash(kNames[id])), id) << kNames[id];
}

TEST(Commands, LabelsThatAreNoCommandsAreNotFound) {  // a client could send them
  EXPECT_EQ(mme_mongo_command_id(low_hash("compressed")), MME_COMMAND_other);
  EXPECT_EQ(mme_mongo_command_id(low_hash("other")), MME_COMMAND_other);
  EXPECT_EQ(mme_mongo_command_id(low_hash("")), MME_COMMAND_other);
  for (const uint32_t hash : {0u, 1u, 0x00798710u, 0xfffffffeu, 0xffffffffu})
    EXPECT_EQ(mme_mongo_command_id(hash), MME_COMMAND_other) << hash;
}

TEST(Commands, TableIsSortedAndHoldsEachCommandOnce) {
  std::set<uint32_t> ids;
  for (size_t i = 0; i < std::size(mme_mongo_command_table); i++) {
    const mme_mongo_command_entry& entry = mme_mongo_command_table[i];
    if (i) {
      EXPECT_LE(mme_mongo_command_table[i - 1].hash, entry.hash);
    }
    if (entry.id) {
      EXPECT_TRUE(ids.insert(entry.id).second) << entry.id;
    }
  }
  EXPECT_EQ(ids.size(), size_t{MME_MONGO_COMMAND_COUNT} - 2);  // without `other` and `compressed`
}

TEST(Commands, CollectionOnlyWhereTheFirstValueNamesOne) {
  EXPECT_TRUE(mme_mongo_command_has_collection(MME_COMMAND_insert));
  for (const uint16_t id : {MME_COMMAND_createUser, MME_COMMAND_getLog, MME_COMMAND_dropRole, MME_COMMAND_other})
    EXPECT_FALSE(mme_mongo_command_has_collection(id)) << kNames[id];
}

}  // namespace
}  // namespace mme
