-- Two flash drives of one kind, the same writes to both. Half of each holds what nobody needs any more;
-- only of one has the drive been told. The other copies it about for ever, and wears itself out with it.

title("Deleting what is not needed spares a flash drive")

local shelf = machine({ name = "ata0", bays = 2, profile = "tiny-flash" })
for bay = 0, 1 do
  shelf:insert(bay, medium({ name = "flash " .. bay, profile = "tiny-flash" }))
end
settle()

local page = 4096
local pages = shelf:disk(0):size() // page
local used = pages // 2
local told, untold = 0, 1

-- A page at a place says where it is and for the how many-th time it was written.
local function contents(place, turn)
  local text = ("page %d, turn %d. "):format(place, turn)
  return text:rep(page // #text + 1):sub(1, page)
end

local disks, turns = {}, {}
for bay = 0, 1 do
  disks[bay] = open(shelf:disk(bay), { mode = "rw" })
  for place = 0, pages - 1 do
    disks[bay]:write(place * page, contents(place, 0))
    turns[place] = 0
  end
end
local fresh = shelf:statistics(untold)
expect(fresh.write_amplification == 1, "writing a drive full once programs each page once")
step(
  "Both are full",
  ("%d pages each, and of %d blocks %d are erased still."):format(pages, 128, fresh.free_blocks)
)

disks[told]:erase(used * page, (pages - used) * page)
step("The upper half is deleted, and one drive is told", "To the other it is as good as ever.")

local places = {}
for i = 1, 4 * pages do
  places[i] = math.random(0, used - 1)
end
for _, place in ipairs(places) do
  turns[place] = turns[place] + 1
  for bay = 0, 1 do
    disks[bay]:write(place * page, contents(place, turns[place]))
  end
end

local with, without = shelf:statistics(told), shelf:statistics(untold)
expect(with.host_pages == without.host_pages, "both were given the same to write")
expect(
  with.write_amplification < 1.3,
  ("the drive that was told has programmed %.2f pages for each"):format(with.write_amplification)
)
expect(
  without.write_amplification > 1.5 * with.write_amplification,
  ("the other %.2f"):format(without.write_amplification)
)
expect(without.erasures > 1.5 * with.erasures, "and has erased that much more often")
expect(without.busy_ns > with.busy_ns, "so it was slower as well")
expect(
  with.most_erasures - with.least_erasures <= 2 * 20,
  "wear is levelled: no block is far ahead of another"
)
step(
  "The same writes cost one drive more than the other",
  ("Told of what is deleted: %.2f pages programmed for each page written, %d erasures.\n\n"):format(
    with.write_amplification,
    with.erasures
  )
    .. ("Not told: %.2f pages, %d erasures."):format(without.write_amplification, without.erasures)
)

for bay = 0, 1 do
  local wrong = 0
  for place = 0, used - 1 do
    if disks[bay]:read(place * page, page) ~= contents(place, turns[place]) then
      wrong = wrong + 1
    end
  end
  expect(wrong == 0, "whatever was copied about, every page holds what was last written to it")
end
expect(disks[told]:read(used * page, page) == ("\0"):rep(page), "what was deleted reads as zeros")
for bay = 0, 1 do
  disks[bay]:close()
end
step("Nothing was lost", "Every page of both drives was read and compared.")
