output "parts" {
  value = provider::p0::parse_locator("deploy / default / nginx")
}
