#include "viewer/view_table.h"

namespace canter::viewer {
namespace {

using V = ViewSettings;

constexpr ViewFlag kFlags[] = {
    {"bones", "Bare bones", "Bones instead of the character's mesh (B)", &V::bones},
    {"skeleton", "Skeleton", "Thin bones seen through the mesh (S)", &V::skeleton},
    {"axes", "Joint axes", "Every joint's x, y and z axis in red, green and blue (A)", &V::axes},
    {"names", "Joint names", "Names beside the joints (J)", &V::names},
    {"trails", "Trails", "Where hands, feet, hips and head were and will be (T)", &V::trails},
    {"ghost", "Source ghost", "The source's own skeleton where a clip was carried over (G)",
     &V::ghost},
    {"later", "Another time", "The same character some time ahead, translucent (H)", &V::later},
    {"contacts", "Contacts", "Marks on the floor where feet stand (K)", &V::contacts},
    {"velocities", "Velocities", "Arrows: where the joints are going (V)", &V::velocities},
    {"difference", "Difference", "Colours bones by how far they lie from the compared character's",
     &V::difference},
    {"phase_rings", "Phase rings",
     "Around each character on the floor: its phase, how fast that runs, and the strikes (O)",
     &V::phase_rings},
    {"instruments", "Instruments", "Over the view: where the time of a frame goes (I)",
     &V::instruments},
    {"follow", "Camera follows", "The camera goes along with the character (C)", &V::follow},
};

constexpr ViewNumber kNumbers[] = {
    {"trail_s", "Trail", "How far trails reach before and after now", &V::trail_s, 0.05f, 5.0f, "s",
     2, &V::trails},
    {"later_s", "Ahead", "How far ahead the other time is; negative shows the past", &V::later_s,
     -5.0f, 5.0f, "s", 2, &V::later},
    {"velocity_s", "Arrow", "An arrow is as long as the way made in this time", &V::velocity_s,
     0.01f, 1.0f, "s", 2, &V::velocities},
    {"difference_m", "Full colour at", "The distance that gets the full colour", &V::difference_m,
     0.001f, 1.0f, "m", 3, &V::difference},
};

}  // namespace

std::span<const ViewFlag> view_flags() {
  return kFlags;
}

std::span<const ViewNumber> view_numbers() {
  return kNumbers;
}

}  // namespace canter::viewer
