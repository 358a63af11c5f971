-- Section 4 of the paper: a ZIP disk comes, its tables are recognised, file systems are mounted, and
-- it is torn out while they work. In a second act it leaves with notice, and real tools judge what is
-- on it. With --media FILE the story is played on an image of yours, as far as that goes.

title("A ZIP disk comes, is mounted, and is torn out")

local guest = option("media")

-- In the paper disks go by the names that their drivers and tables give them.
unload("label")

local function letter(from)
  return ("All is well here. How are you? Yours, %s.\n"):format(from):rep(1200)
end

local function makeImage()
  return media.make({
    name = "zip.img",
    slices = {
      {
        size = "48 MiB",
        active = true,
        partitions = {
          {
            letter = "a",
            size = "16 MiB",
            format = "ufs1",
            files = { ["/letter.txt"] = letter("root") },
          },
          {
            letter = "e",
            format = "ufs2",
            files = { ["/home/letter.txt"] = letter("home") },
          },
        },
      },
      {
        format = "fat16",
        label = "ZIPDISK",
        files = { ["/LETTER.TXT"] = letter("msdos") },
      },
    },
  })
end

-- Who uses the disk, in the order of mounting. Nothing is known of a guest's files, so the cast of
-- his story is whatever no module stands on.
local function castOf()
  if guest == nil then
    return {
      {
        disk = mesh.provider("da0s1a"),
        on = "/",
        file = "/letter.txt",
        tale = "The open goes to BSD, which finds no other partition open, on to MBR, which finds no "
          .. "other slice open, and to the disk, which nobody had open before.",
      },
      {
        disk = mesh.provider("da0s1e"),
        on = "/usr",
        file = "/home/letter.txt",
        tale = "BSD has its slice open for reading and writing already, so nobody below is asked again.",
      },
      {
        disk = mesh.provider("da0s2"),
        on = "/msdos",
        file = "/letter.txt",
        tale = "MBR has the disk open for reading and writing already, so it decides alone.",
      },
    }
  end
  local cast = {}
  for _, disk in ipairs(mesh.providers()) do
    if #disk:users() == 0 then
      cast[#cast + 1] = { disk = disk, on = disk:name(), tale = "What it is was read from its superblock." }
    end
  end
  return cast
end

-- The rule: an open is passed down until a module has what is below it open for writing already.
local function mustBeAsked(disk)
  local modules = {}
  while disk ~= nil do
    modules[#modules + 1] = disk:geom():title()
    disk = disk:geom():below()[1]
    if disk ~= nil and disk:access().w > 0 then
      disk = nil
    end
  end
  return table.concat(modules, ", ")
end

-- Mounts what the user of a disk wants mounted; gives whether that could be done.
local function mountFor(user)
  local expected = mustBeAsked(user.disk)
  asked()
  local mounted, volume = pcall(mount, user.disk, { on = user.on, cache = 8 })
  if not mounted then
    if guest == nil then
      error(volume)
    end
    log("left out: " .. tostring(volume))
    settle()
    return false
  end
  user.volume = volume
  user.start = user.disk:start()
  user.asked = table.concat(asked(), ", ")
  expect(
    user.asked == expected,
    ("to open %s, these are asked and no others: %s"):format(user.disk:name(), expected)
  )
  return true
end

-- What modules found wrong with the tables on the disk.
local complaints = {}

local ordinals = { "first", "second", "third", "fourth" }

local function mountAll(tell)
  local users = {}
  for _, user in ipairs(castOf()) do
    if mountFor(user) then
      users[#users + 1] = user
      tell(#users, user)
    end
  end
  if #users == 0 then
    complaints[#complaints + 1] = "there is no file system to mount, so there is no story"
    bad_input(("%s: %s"):format(guest, table.concat(complaints, "; ")))
  end
  return users
end

local function drawMount(number, user)
  step(
    ("The %s file system is mounted"):format(ordinals[number] or "next"),
    ("`%s`, a `%s`, is mounted on `%s`.\n\n%s\n\nAsked: %s."):format(
      user.disk:name(),
      user.volume:kind(),
      user.on,
      user.tale,
      user.asked
    )
  )
end

local reading = false

-- Reads a disk from end to end, again and again, until told to stop or the disk is gone.
local function readThrough(disk)
  local device = open(disk)
  local piece = disk:sector_size() * math.min(64, disk:size() // disk:sector_size())
  local pieces = disk:size() // piece
  local turn = 0
  while reading and pcall(device.read, device, turn % pieces * piece, piece) do
    turn = turn + 1
  end
  if device:is_there() then
    device:close()
  end
end

local function putToWork(users)
  reading = true
  for _, user in ipairs(users) do
    if user.file ~= nil then
      user.work = user.volume:work({ file = user.file, pause = "2 ms" })
    else
      user.reader = spawn(readThrough, user.disk)
    end
  end
end

local function stopReaders(users)
  reading = false
  for _, user in ipairs(users) do
    if user.reader ~= nil then
      user.reader:wait()
    end
  end
end

-- A slice that a table lies in, held open by the module of that table.
local function heldSlice()
  for _, disk in ipairs(mesh.providers()) do
    for _, user in ipairs(disk:users()) do
      if #user:providers() > 0 and disk:access().w > 0 and #disk:geom():below() > 0 then
        return disk
      end
    end
  end
  return nil
end

-- Who stands on whom between the mounts and the disk, each pair once.
local function neighbours(users)
  local found = {}
  local seen = {}
  for _, user in ipairs(users) do
    local above = user.volume:name()
    local disk = user.disk
    while disk ~= nil and not seen[above] do
      local below = disk:geom()
      found[#found + 1] = { above = above, below = below:title() }
      seen[above] = true
      above = below:title()
      disk = below:below()[1]
    end
  end
  return found
end

local function isEmpty(counts)
  for _, count in pairs(counts) do
    if count ~= 0 then
      return false
    end
  end
  return true
end

-- Act one: the disk is torn out ---------------------------------------------------------------------

local zip = machine({ bays = 1, profile = "zip100" })
local disk = medium({ image = guest or makeImage() })
local original = disk:write_out()

local tales = {
  mbr = "MBR finds its table in sector 0 and makes a disk of each slice.",
  bsd = "BSD finds a disklabel in the slice and makes a disk of each partition.",
}
local discovering = true

on("tasted", function(fact)
  if discovering and fact.geom ~= nil then
    step(
      ("%s recognises %s"):format(fact.class:upper(), fact.provider),
      (tales[fact.class] or fact.text .. ".")
        .. "\n\nThe modules are polled for each of them. `taste` holds a disk while they look at it."
    )
  end
end)

on("note", function(fact)
  if discovering and fact.error ~= nil then
    complaints[#complaints + 1] = fact.text
    log(fact.text)
  end
end)

zip:insert(0, disk)
step("A ZIP disk is put into the drive", "The driver notices it and makes a disk of it, `da0`.")

settle()
discovering = false
if guest == nil then
  expect(#mesh.geom("mbr", "da0"):providers() == 2, "MBR makes two slices")
  expect(#mesh.geom("bsd", "da0s1"):providers() == 3, "BSD makes three partitions")
end
step("Polling ends", "Nobody recognises what is left. The disks marked O can be opened.")

local users = mountAll(drawMount)

local slice = heldSlice()
if slice ~= nil then
  local refusal = expect_refused(slice:geom():title(), open, slice, { mode = "rw" })
  settle()
  step("A slice that is in use can not be opened for writing", refusal .. ".")
else
  log("left out: no slice has a table in it, so none has to be refused")
end

putToWork(users)
sleep("8 s")
step("All file systems are at work", "Requests from all of them wait in the queue of the one drive.")

local order = {}
on("geom_freed", function(fact)
  order[#order + 1] = fact.geom
  order[fact.geom] = #order
end)
local neighbourhood = neighbours(users)

expect(census().trails > 0, "requests are on their way when the disk is torn out")
zip:tear_out(0)
step("The disk is torn out in the middle of a transfer", "The notice goes up, from module to module.")

settle()
stopReaders(users)
local lost = 0
for _, user in ipairs(users) do
  expect(not user.volume:is_mounted(), ("%s is unmounted by force"):format(user.volume:name()))
  lost = lost + user.volume:lost().bytes
end
for _, pair in ipairs(neighbourhood) do
  expect(
    order[pair.above] < order[pair.below],
    ("%s lets go before %s is freed"):format(pair.above, pair.below)
  )
end
expect(isEmpty(census()), "all traces of the disk have been removed")
step(
  "All traces of the disk have been removed",
  ("Freed, in this order: %s.\n\nLost with the disk, since it was never synced: %d bytes."):format(
    table.concat(order, ", "),
    lost
  )
)

-- Act two: the disk leaves with notice --------------------------------------------------------------

zip:insert(0, disk)
settle()
users = mountAll(function() end)
putToWork(users)
sleep("8 s")
step("The disk comes again", "Whatever its name, it is a new disk. All is mounted and at work as before.")

stopReaders(users)
zip:eject(0, { deadline = "60 s", on_timeout = "refuse" })
settle()
for _, user in ipairs(users) do
  expect(not user.volume:is_mounted(), ("%s is unmounted"):format(user.volume:name()))
  expect(user.volume:lost().blocks == 0, ("%s has lost nothing"):format(user.volume:name()))
end
expect(isEmpty(census()), "all traces of the disk have been removed")
step("The disk is ejected with notice", "Everybody was told, wrote back what was dirty, and closed.")

-- The judges ----------------------------------------------------------------------------------------

local image = disk:write_out()
local verdict = judge.table(image)
if guest == nil then
  local fat = judge.fat(image, 2)
  local root, msdos = users[1], users[3]
  expect(verdict.clean, "sfdisk finds nothing wrong with the table")
  expect(fat.clean, "fsck.vfat finds nothing wrong with the file system")
  expect(
    judge.fat_file(image, 2, "/LETTER.TXT") == msdos.work:contents(),
    "the file that mcopy takes out is what was written, byte for byte"
  )
  expect(
    judge.ufs_file(image, root.start, "/letter.txt") == root.work:contents(),
    "so is the file that the Sleuth Kit takes out of UFS"
  )
  step(
    "Real tools judge what is on the disk",
    ("`sfdisk`: %s\n\n`fsck.vfat`: %s"):format(verdict.says, fat.says)
  )
else
  expect(verdict.says == judge.table(original).says, "the table is as good as it was")
  step("Real tools judge what is on the disk", ("`sfdisk`: %s"):format(verdict.says))
end
