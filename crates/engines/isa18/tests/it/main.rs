//! Alarms: evaluation, life, figures, defects.

mod defects;
mod evaluation;
mod figures;
mod fixture;
mod life;
mod properties;
