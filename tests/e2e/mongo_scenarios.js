// The scenarios of mongo_scenarios.py by the Node driver: node - SCENARIO URI
const assert = require("node:assert");
const crypto = require("node:crypto");
const { MongoClient } = require("mongodb");

const LARGE_BYTES = 16 * 1024 * 1024 - 25;
const INCREMENT = { $inc: { n: 1 } };
const range = (start, end) => Array.from({ length: end - start }, (_, i) => start + i);
const numbered = (start, end) => range(start, end).map((_id) => ({ _id, n: 0 }));

const scenarios = {
  async transactions(db, client) {
    const c = db.collection("c");
    await c.insertMany(numbered(0, 10));
    const session = client.startSession(), other = client.startSession();
    for (const _id of range(0, 10)) {
      session.startTransaction();
      await c.updateOne({ _id }, INCREMENT, { session });
      assert.deepEqual(await c.findOne({ _id }, { session }), { _id, n: 1 });
      await session.commitTransaction();
      await session.commitTransaction(); // sent again
    }
    for (const _id of range(0, 10)) {
      session.startTransaction();
      await c.deleteOne({ _id }, { session });
      await session.abortTransaction();
    }
    for (const _id of range(0, 10)) {
      session.startTransaction();
      await c.updateOne({ _id }, INCREMENT, { session });
      let attempts = 0;
      await other.withTransaction(async (mine) => {
        if (++attempts === 2) await session.commitTransaction();
        await c.updateOne({ _id }, INCREMENT, { session: mine });
      });
      assert.equal(attempts, 2);
    }
    await session.endSession();
    await other.endSession();
    assert.equal(await c.countDocuments({ n: 3 }), 10);
  },

  async change_stream(db) {
    const c = db.collection("c");
    await c.insertOne({ _id: -1 });
    const stream = c.watch([], { maxAwaitTimeMS: 400 });
    assert.equal(await stream.tryNext(), null);
    for (const _id of range(0, 20)) {
      await c.insertOne({ _id });
      assert.deepEqual((await stream.next()).documentKey, { _id });
    }
    await stream.close();
  },

  async tailable_cursor(db) {
    const capped = await db.createCollection("capped", { capped: true, size: 1 << 20 });
    await capped.insertOne({ _id: -1 });
    const cursor = capped.find({}, { tailable: true, awaitData: true });
    assert.deepEqual(await cursor.next(), { _id: -1 });
    assert.equal(await cursor.tryNext(), null);
    for (const _id of range(0, 20)) {
      await capped.insertOne({ _id });
      assert.deepEqual(await cursor.next(), { _id });
    }
    await cursor.close();
  },

  async bulk_writes(db) {
    const c = db.collection("c");
    await c.insertMany(numbered(0, 1000));
    const requests = [
      ...range(900, 1100).map((_id) => ({ insertOne: { document: { _id } } })),
      ...range(900, 1100).map((_id) => ({ updateOne: { filter: { _id }, update: INCREMENT } })),
      ...range(1000, 1100).map((_id) => ({ deleteOne: { filter: { _id } } })),
    ];
    for (const ordered of Array(10).fill([false, true]).flat()) {
      await assert.rejects(c.bulkWrite(requests, { ordered }), { name: "MongoBulkWriteError" });
    }
    assert.equal(await c.countDocuments({}), 1000);
    assert.equal(await c.countDocuments({ n: 10 }), 100);
  },

  async large_documents(db) {
    const c = db.collection("c");
    for (const [_id, data] of [crypto.randomBytes(LARGE_BYTES), Buffer.alloc(LARGE_BYTES)].entries()) {
      await c.insertOne({ _id, data });
    }
    for (const _id of range(0, 2)) assert.equal((await c.findOne({ _id })).data.length(), LARGE_BYTES);
    assert.equal((await c.find().toArray()).length, 2);
  },

  async documents_of_all_sizes(db) {
    const c = db.collection("c");
    for (const exponent of range(10, 21)) {
      for (let i = 0; i < 3; i++) await c.insertOne({ data: crypto.randomBytes(2 ** exponent) });
    }
    assert.equal(await c.countDocuments({}), 33);
  },

  async long_chain(db) {
    const c = db.collection("c");
    await c.insertMany(numbered(0, 10_000));
    assert.equal((await c.find().batchSize(100).toArray()).length, 10_000);
  },
};

async function main(scenario, uri) {
  const client = await new MongoClient(uri, { serverMonitoringMode: "poll" }).connect();
  await scenarios[scenario](client.db("node"), client);
  await client.close();
}
main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
