//! Which of the plan's families of cloud service a FOCUS ServiceCategory can prove the use of.
//!
//! The categories are the closed list of FOCUS 1.2 (ServiceCategory, allowed values); the families are those of
//! `kernel::FAMILIES`. A category that fits no family in particular (Other, Multicloud …) counts for any.

/// Families by category.
const FAMILIES_OF: &[(&str, &[&str])] = &[
    ("AI and Machine Learning", &["platform", "business", "equipment"]),
    ("Analytics", &["platform", "business", "equipment"]),
    ("Business Applications", &["business", "infrastructure"]),
    ("Compute", &["infrastructure"]),
    ("Databases", &["platform"]),
    ("Developer Tools", &["platform"]),
    ("Identity", &["infrastructure"]),
    ("Integration", &["platform"]),
    ("Internet of Things", &["platform", "equipment"]),
    ("Management and Governance", &["infrastructure"]),
    ("Networking", &["infrastructure"]),
    ("Security", &["infrastructure"]),
    ("Storage", &["infrastructure"]),
];

/// Can a charge of `service_category` prove use of a service ordered under `sub_item` (`family/item`)?
pub fn proves(service_category: &str, sub_item: &str) -> bool {
    let family = sub_item.split('/').next().unwrap_or(sub_item);
    match FAMILIES_OF.iter().find(|(category, _)| *category == service_category) {
        Some((_, families)) => families.contains(&family),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_the_kernels_and_each_is_provable() {
        for (category, families) in FAMILIES_OF {
            assert!(families.iter().all(|f| kernel::family(f).is_some()), "{category}");
        }
        for family in kernel::FAMILIES {
            assert!(FAMILIES_OF.iter().any(|(_, f)| f.contains(&family.code)), "{}", family.code);
        }
    }

    #[test]
    fn a_category_proves_its_families_only() {
        for (category, sub_item, expected) in [
            ("Compute", "infrastructure/computing", true),
            ("Compute", "platform/database", false),
            ("Databases", "platform/database", true),
            ("Internet of Things", "equipment/collection", true),
            ("Business Applications", "business/operations", true),
            ("Other", "business/design", true),
            ("Something new", "platform/ai", true),
        ] {
            assert_eq!(proves(category, sub_item), expected, "{category} {sub_item}");
        }
    }
}
