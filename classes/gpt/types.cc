#include "classes/gpt/types.h"

namespace biotope::gpt {

namespace {

constexpr TypeName kTypes[] = {
    {"efi", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
    {"mbr", "024dee41-33e7-11d3-9d69-0008c781f39f"},
    {"bios-boot", "21686148-6449-6e6f-744e-656564454649"},
    {"prep-boot", "9e1a2d38-c612-4316-aa26-8b49521e5a8b"},
    {"freebsd", "516e7cb4-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-boot", "83bd6b9d-7f41-11dc-be0b-001560b84f0f"},
    {"freebsd-swap", "516e7cb5-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-ufs", "516e7cb6-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-vinum", "516e7cb8-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-zfs", "516e7cba-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-nandfs", "74ba7dd9-a689-11e1-bd04-00e081286acf"},
    {"dragonfly-label64", "3d48ce54-1d16-11dc-8696-01301bb8a9f5"},
    {"dragonfly-ufs", "9d94ce7c-1ca5-11dc-8817-01301bb8a9f5"},
    {"dragonfly-hammer", "61dc63ac-6e38-11dc-8513-01301bb8a9f5"},
    {"netbsd-swap", "49f48d32-b10e-11dc-b99b-0019d1879648"},
    {"netbsd-ffs", "49f48d5a-b10e-11dc-b99b-0019d1879648"},
    {"openbsd-data", "824cc7a0-36a8-11e3-890a-952519ad3f61"},
    {"ms-basic-data", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"ms-reserved", "e3c9e316-0b5c-4db8-817d-f92df00215ae"},
    {"ms-ldm-metadata", "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3"},
    {"ms-ldm-data", "af9b60a0-1431-4f62-bc68-3311714a69ad"},
    {"ms-recovery", "de94bba4-06d1-4d40-a16a-bfd50179d6ac"},
    {"linux-data", "0fc63daf-8483-4772-8e79-3d69d8477de4"},
    {"linux-swap", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"},
    {"linux-lvm", "e6d6d379-f507-44c2-a23c-238f2a3df928"},
    {"linux-raid", "a19d880f-05fc-4d3b-a006-743f0f84911e"},
    {"apple-hfs", "48465300-0000-11aa-aa11-00306543ecac"},
    {"apple-apfs", "7c3457ef-0000-11aa-aa11-00306543ecac"},
    {"apple-ufs", "55465300-0000-11aa-aa11-00306543ecac"},
    {"apple-boot", "426f6f74-0000-11aa-aa11-00306543ecac"},
    {"apple-label", "4c616265-6c00-11aa-aa11-00306543ecac"},
    {"apple-raid", "52414944-0000-11aa-aa11-00306543ecac"},
};

}  // namespace

std::span<const TypeName> type_names() { return kTypes; }

}  // namespace biotope::gpt
