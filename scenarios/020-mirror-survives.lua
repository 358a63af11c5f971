-- Two disks with two slices each, mirrored slice by slice; on one mirror a BSD label with two file
-- systems, on the other a third. One disk is lost under load, and nobody above hears of it. Then the
-- other is lost as well, and everybody does.

title("A mirror survives a disk, and says so when it can not")

local function letter(to)
  return ("Dear %s, all is well here.\n"):format(to):rep(800)
end

-- Both disks are made alike, so their slices are equal when the mirrors are made of them. What is in a
-- slice leaves its last sector to the mirror.
local function makeImage(name)
  return media.make({
    name = name,
    slices = {
      {
        size = "40 MiB",
        partitions = {
          { letter = "a", size = "16 MiB", format = "ufs1", files = { ["/letter.txt"] = letter("root") } },
          { letter = "e", size = "16 MiB", format = "ufs2", files = { ["/letter.txt"] = letter("usr") } },
        },
      },
      { format = "fat16", label = "EXCHANGE", files = { ["/LETTER.TXT"] = letter("exchange") } },
    },
  })
end

local shelf = machine({ bays = 2 })
shelf:insert(0, medium({ image = makeImage("first.img") }))
local second = medium({ image = makeImage("second.img") })
shelf:insert(1, second)
settle()
local startOf = { da1s1a = mesh.provider("da1s1a"):start() }
step("Two disks with equal slices", "MBR and BSD have found their tables on both.")

mirror.label("m1", { "da0s1", "da1s1" })
mirror.label("m2", { "da0s2", "da1s2" })
settle()
step(
  "Slice by slice they become mirrors",
  "The mirrors write who belongs to whom into the last sector of each slice, let go of it, and are found "
    .. "again by tasting. The label in the first slice is now found on the mirror."
)
expect(mesh.geom("mirror", "m1"):status():find("COMPLETE"), "the first mirror is complete")
expect(mesh.geom("mirror", "m2"):status():find("COMPLETE"), "the second mirror is complete")

local users = {
  { disk = "mirror/m1a", on = "/", file = "/letter.txt" },
  { disk = "mirror/m1e", on = "/usr", file = "/letter.txt" },
  { disk = "mirror/m2", on = "/exchange", file = "/letter.txt" },
}
for _, user in ipairs(users) do
  user.volume = mount(user.disk, { on = user.on, cache = 8 })
end
settle()
step("Three file systems are mounted", "To them a mirror is a disk like any other.")

for _, user in ipairs(users) do
  user.work = user.volume:work({ file = user.file, pause = "2 ms", sync_every = 8 })
end
sleep("5 s")
step("All of them are at work", "Every write goes to both disks, a read to one of them.")

-- The first disk ------------------------------------------------------------------------------------

local told = {}
on("consumer_orphaned", function(fact)
  told[#told + 1] = fact.geom
end)

local function workOf(all)
  local sum = 0
  for _, user in ipairs(all) do
    sum = sum + user.work:counts().reads + user.work:counts().writes
  end
  return sum
end

expect(census().trails > 0, "requests are on their way when the first disk is lost")
shelf:tear_out(0)
settle()
step(
  "One disk is lost in the middle of it",
  "The notice climbs, or a failed write tells the mirrors before; no further: each has another copy.\n\n"
    .. mesh.geom("mirror", "m1"):status()
    .. "\n\n"
    .. mesh.geom("mirror", "m2"):status()
)
for _, geom in ipairs(told) do
  expect(geom:find("^mbr da0") or geom:find("^mirror "), geom .. " is told, and no file system")
end
local before = workOf(users)
sleep("5 s")
expect(workOf(users) > before + 100, "the work goes on")
for _, user in ipairs(users) do
  expect(user.volume:is_mounted(), user.on .. " is mounted as before")
  user.work:stop()
  expect(user.work:wait() == nil, user.on .. " has met no error and no wrong byte")
  user.volume:sync()
end

local image = second:write_out()
expect(
  judge.ufs_file(image, startOf["da1s1a"], "/letter.txt") == users[1].work:contents(),
  "the Sleuth Kit finds on the disk that is left what was written, byte for byte"
)
expect(
  judge.fat_file(image, 2, "/LETTER.TXT") == users[3].work:contents(),
  "and mcopy in the other slice"
)
step("The work goes on", "On the disk that is left, real tools find what was written.")

-- The second disk -----------------------------------------------------------------------------------

for _, user in ipairs(users) do
  user.work = user.volume:work({ file = user.file, pause = "2 ms" })
end
sleep("1 s")
told = {}
shelf:tear_out(1)
settle()
for _, user in ipairs(users) do
  expect(not user.volume:is_mounted(), user.on .. " is told and unmounted by force")
end
for _, mirror in ipairs({ "m1", "m2" }) do
  expect(mesh.geom("mirror", mirror) == nil, mirror .. " is gone with its last copy")
end
for name, count in pairs(census()) do
  expect(count == 0, "no trace is left of " .. name)
end
step("The other disk is lost as well", "Now there is no other copy, so everybody is told, and all is freed.")
