//! People of every role.

use kernel::{Actor, Role};

fn person(role: Role, user: &str, org_id: Option<&str>, district: Option<&str>) -> Actor {
    Actor {
        user_id: user.to_owned(),
        name: format!("{role} {user}"),
        role,
        org_id: org_id.map(Into::into),
        district: district.map(Into::into),
    }
}

/// Speaks for an enterprise.
pub fn enterprise_owner(org_id: &str) -> Actor {
    person(Role::EnterpriseOwner, &format!("acc_owner_{org_id}"), Some(org_id), None)
}
/// Works for a provider.
pub fn provider(org_id: &str) -> Actor {
    person(Role::Provider, &format!("acc_provider_{org_id}"), Some(org_id), None)
}
/// Officer of a district; `n` tells two of them apart.
pub fn district_officer(district: &str, n: u32) -> Actor {
    person(Role::DistrictOfficer, &format!("acc_district_{district}_{n}"), None, Some(district))
}
/// Officer of the city; `n` tells two of them apart.
pub fn city_officer(n: u32) -> Actor {
    person(Role::CityOfficer, &format!("acc_city_{n}"), None, None)
}
/// Auditor.
pub fn auditor() -> Actor {
    person(Role::Auditor, "acc_auditor", None, None)
}
/// Expert.
pub fn expert() -> Actor {
    person(Role::Expert, "acc_expert", None, None)
}
