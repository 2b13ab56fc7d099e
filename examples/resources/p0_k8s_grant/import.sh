# By the grant's id: the label p0.dev/grant of its objects.
terraform import p0_k8s_grant.alice vpl5aqzpwnnqmnkrzze2

# With the namespace of its binding, where listing all namespaces is not allowed.
terraform import p0_k8s_grant.alice default/vpl5aqzpwnnqmnkrzze2
