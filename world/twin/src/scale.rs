//! What a scale under a load reads.

use crate::state::Load;
use crate::twin::Twin;
use crate::words::LoadIx;

impl Twin {
    /// Mass of a load in grams, as the scale of the dock it stands on would read it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // loads weigh less than 4 000 t
    pub fn load_mass_g(&self, load: LoadIx) -> Option<u32> {
        let e = *self.roster().loads.get(load.at())?;
        self.world.get::<Load>(e).map(|l| (l.spawn.mass_kg * 1000.0 + 0.5) as u32)
    }
}
